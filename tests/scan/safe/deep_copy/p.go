package p

import "maps"

type Options struct {
	Name string
	Tags map[string]string
}

func (o *Options) With(k, v string) *Options {
	c := *o
	c.Tags = maps.Clone(o.Tags)
	c.Tags[k] = v
	return &c
}

func (o Options) Clone() Options {
	tags := make(map[string]string, len(o.Tags))
	for k, v := range o.Tags {
		tags[k] = v
	}
	o.Tags = tags
	o.Tags["clone"] = "yes"
	return o
}
