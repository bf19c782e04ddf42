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

const (
	callerKey    = "admin.caller"
	requestIDKey = "admin.request_id"
)

// SetCaller records the signed-in administrator. Package web calls it after it checked the session.
func SetCaller(c echo.Context, caller Caller) { c.Set(callerKey, caller) }

// CallerOf gives the signed-in administrator. It is false where the request has no valid session.
func CallerOf(c echo.Context) (Caller, bool) {
	caller, ok := c.Get(callerKey).(Caller)
	return caller, ok
}

// SetRequestID records the identifier of the request for logs and audit records.
func SetRequestID(c echo.Context, id string) { c.Set(requestIDKey, id) }

// RequestID gives the identifier of the request.
func RequestID(c echo.Context) string {
	id, _ := c.Get(requestIDKey).(string)
	return id
}

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
