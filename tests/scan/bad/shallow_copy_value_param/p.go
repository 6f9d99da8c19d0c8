package p

type Options struct {
	Name string
	Tags map[string]string
}

var defaults = Options{Tags: map[string]string{}}

func Request(name string) Options {
	o := defaults
	o.Name = name
	o.Tags["name"] = name // want shallow-copy
	return o
}
