package p

var drivers = map[string]any{}

func Register(name string, d any) {
	drivers[name] = d // want exported-api
}

func Open(name string) any { return drivers[name] } // want exported-api
