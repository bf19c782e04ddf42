package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"sallyport/control"
	"sallyport/handlers/admin"
	"sallyport/handlers/admin/access"
	"sallyport/handlers/admin/page"
	"sallyport/vpn"
)

// policy says who may use a route. The zero value admits no client, so that a route without a policy cannot
// be registered.
type policy struct {
	callers callers
	action  vpn.Action // what a caller needs permission for; "": the use case alone asks for it
}

type callers int

const (
	_            callers = iota
	everyClient          // signed in or not
	beforeSetup          // every client, as long as no administrator exists
	everyAccount         // those who have signed in
)

var (
	public   = policy{callers: everyClient}
	setup    = policy{callers: beforeSetup}
	signedIn = policy{callers: everyAccount}
)

// may is the policy of a change and of the page with its form: an account that may do the action.
func may(action vpn.Action) policy { return policy{callers: everyAccount, action: action} }

// guard checks the policy before the handler runs.
func (p policy) guard(s admin.Services, next echo.HandlerFunc) echo.HandlerFunc {
	switch p.callers {
	case everyClient:
		return next
	case beforeSetup:
		return func(ec echo.Context) error {
			needed, err := s.Access.SetupNeeded(ec.Request().Context())
			switch {
			case err != nil:
				return err
			case !needed:
				return ec.Redirect(http.StatusSeeOther, "/sign-in")
			}
			return next(ec)
		}
	case everyAccount:
		return func(ec echo.Context) error {
			if _, ok := page.CallerOf(ec); !ok {
				return access.SignInFirst(ec)
			}
			if err := p.permit(ec, s.Core); err != nil {
				return err
			}
			return next(ec)
		}
	default:
		panic("web: a route without a policy")
	}
}

// permit asks for permission before the body of a request is read. A refused change writes an audit
// record; a refused page with a form does not.
func (p policy) permit(ec echo.Context, core *control.Core) error {
	r, by := ec.Request(), page.Principal(ec)
	switch {
	case p.action == "":
		return nil
	case r.Method == http.MethodGet, r.Method == http.MethodHead:
		return by.May(p.action, r.URL.Path)
	}
	return core.Allow(r.Context(), by, p.action, r.URL.Path)
}
