package web

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"sallyport/vpn"
)

type foreignKey struct{}

// sameOrigin refuses unsafe requests that another site made the browser send. The refused ones
// still run through echo, marked, so that they get the headers, log line and page of any refusal.
func sameOrigin(next http.Handler) http.Handler {
	check := http.NewCrossOriginProtection()
	check.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), foreignKey{}, true)))
	}))
	return check.Handler(next)
}

// refuseForeign ends what sameOrigin marked, before a body or a session is read.
func refuseForeign(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if c.Request().Context().Value(foreignKey{}) != nil {
			return vpn.Refuse(vpn.Denied, vpn.CodeAuthFailure, "This request came from another site and was refused. Open the console itself and try again.")
		}
		return next(c)
	}
}
