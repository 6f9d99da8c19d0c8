package p

var results = map[int]int{}

func worker(i int) {
	results[i] = i * i // want unguarded-shared
}

func Start(n int) {
	for i := range n {
		go worker(i)
	}
}
