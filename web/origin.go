package web

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"sallyport/vpn"
)

type crossOriginKey struct{}

// sameOrigin marks unsafe requests that another site made the browser send. refuseCrossOrigin
// refuses them inside echo, so that they get the headers, log line and error page of any refusal. Requests that match
// a pattern of exempt (those of http.ServeMux) are not marked.
func sameOrigin(next http.Handler, exempt ...string) http.Handler {
	check := http.NewCrossOriginProtection()
	for _, pattern := range exempt {
		check.AddInsecureBypassPattern(pattern)
	}
	check.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), crossOriginKey{}, true)))
	}))
	return check.Handler(next)
}

// refuseCrossOrigin refuses what sameOrigin marked, before a body or a session is read.
func refuseCrossOrigin(sentence string) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			if c.Request().Context().Value(crossOriginKey{}) != nil {
				return vpn.Refuse(vpn.Denied, vpn.CodeAuthFailure, sentence)
			}
			return next(c)
		}
	}
}
