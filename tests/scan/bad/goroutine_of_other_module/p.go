package p

import (
	"io/fs"
	"path/filepath"
)

type Sizes struct{ of map[string]int64 }

func New() *Sizes { return &Sizes{of: map[string]int64{}} }

func (s *Sizes) Walk(dirs []string) {
	for _, d := range dirs {
		go filepath.Walk(d, s.visit)
	}
}
func (s *Sizes) visit(path string, info fs.FileInfo, err error) error {
	if err == nil {
		s.of[path] = info.Size() // want unguarded-shared
	}
	return nil
}
