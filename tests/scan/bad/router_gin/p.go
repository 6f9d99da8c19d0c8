package p

import "github.com/gin-gonic/gin"

func Routes(e *gin.Engine) {
	hits := map[string]int{}
	e.GET("/hit", func(c *gin.Context) {
		hits[c.Param("k")]++ // want captured-local
	})
}
