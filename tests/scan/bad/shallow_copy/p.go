package p

type Options struct {
	Name string
	Tags map[string]string
}

func (o *Options) With(k, v string) *Options {
	c := *o
	c.Tags[k] = v // want shallow-copy
	return &c
}
