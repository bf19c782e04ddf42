package page

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

const callerKey = "admin.caller"

// SetCaller records the signed-in administrator. Package web calls it after it checked the session.
func SetCaller(c echo.Context, caller Caller) { c.Set(callerKey, caller) }

// CallerOf gives the signed-in administrator. It is false where the request has no valid session.
func CallerOf(c echo.Context) (Caller, bool) {
	caller, ok := c.Get(callerKey).(Caller)
	return caller, ok
}

// RequestID is the identifier of the request, for logs and audit records. Package web sets it.
func RequestID(c echo.Context) string { return c.Response().Header().Get(echo.HeaderXRequestID) }

// Principal is who acts, for the use cases. It panics on a request without a session: its route has the
// wrong policy.
func Principal(c echo.Context) control.Principal {
	caller, ok := CallerOf(c)
	if !ok {
		panic("handlers/admin: " + c.Path() + " needs a session, but its policy does not ask for one")
	}
	return control.Principal{
		Kind:    control.Administrator,
		ID:      string(caller.Administrator.ID),
		Name:    caller.Administrator.Username,
		Role:    caller.Administrator.Role,
		Session: caller.Session.Hash,
		Source:  c.RealIP(),
		Request: RequestID(c),
	}
}

// Context is the context of the request.
func Context(c echo.Context) context.Context { return c.Request().Context() }
