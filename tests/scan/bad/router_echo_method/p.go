package p

import "github.com/labstack/echo/v4"

type api struct{ hits map[string]int }

func (a *api) hit(c echo.Context) error {
	a.hits[c.Path()]++ // want unguarded-shared
	return nil
}

func Routes(e *echo.Echo) {
	a := &api{hits: map[string]int{}}
	e.GET("/hit", a.hit)
}
