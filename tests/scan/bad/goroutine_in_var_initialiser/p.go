package p

var known = map[string]int{}

var feed = func() chan string {
	c := make(chan string)
	for i := 0; i < 3; i++ {
		go func() {
			for name := range c {
				known[name]++ // want unguarded-shared
			}
		}()
	}
	return c
}()

func Learn(name string) { feed <- name }
