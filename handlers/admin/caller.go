package admin

import (
	"context"

	"github.com/labstack/echo/v4"

	"sallyport/control"
	"sallyport/vpn"
)

// Caller is the signed-in administrator behind a request.
type Caller struct {
	Administrator vpn.Administrator
	Session       vpn.WebSession
	Token         string
}

const (
	callerKey    = "admin.caller"
	requestIDKey = "admin.request_id"
)

// SetCaller records who is signed in; package web calls it once it has checked the session.
func SetCaller(c echo.Context, caller Caller) { c.Set(callerKey, caller) }

// CallerOf gives who is signed in, if anybody is.
func CallerOf(c echo.Context) (Caller, bool) {
	caller, ok := c.Get(callerKey).(Caller)
	return caller, ok
}

// SetRequestID records the request's identifier for logs and audit records.
func SetRequestID(c echo.Context, id string) { c.Set(requestIDKey, id) }

// RequestID gives the request's identifier.
func RequestID(c echo.Context) string {
	id, _ := c.Get(requestIDKey).(string)
	return id
}

// principal is who acts, for the use cases. It panics on a route that lets strangers in: that is a
// mistake in the route table, not of the request.
func principal(c echo.Context) control.Principal {
	caller, ok := CallerOf(c)
	if !ok {
		panic("handlers/admin: " + c.Path() + " asks for the caller but its policy lets strangers in")
	}
	return control.Principal{
		Kind:    control.Administrator,
		ID:      string(caller.Administrator.ID),
		Name:    caller.Administrator.Username,
		Role:    caller.Administrator.Role,
		Source:  c.RealIP(),
		Request: RequestID(c),
	}
}

// PrincipalOf is principal for the policies of package web.
func PrincipalOf(c echo.Context) control.Principal { return principal(c) }

func ctx(c echo.Context) context.Context { return c.Request().Context() }
