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

// policy says which accounts may use a route. The zero value is none of them, so that a route
// without a policy cannot be registered.
type policy int

const (
	_         policy = iota
	public           // every client
	setup            // every client, as long as no administrator exists
	signedIn         // every account
	mayChange        // accounts that may change something
)

// guard checks the policy before the handler runs.
func (p policy) guard(s admin.Services, next echo.HandlerFunc) echo.HandlerFunc {
	switch p {
	case public:
		return next
	case setup:
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
	case signedIn, mayChange:
		return func(ec echo.Context) error {
			caller, ok := page.CallerOf(ec)
			switch {
			case !ok:
				return access.SignInFirst(ec)
			case p == mayChange && !caller.Administrator.Role.MayChange():
				return refuseChange(ec, s.Core)
			}
			return next(ec)
		}
	default:
		panic("web: a route without a policy")
	}
}

// refuseChange refuses a read-only account. A refused change writes an audit record; a refused page
// with a form does not.
func refuseChange(ec echo.Context, core *control.Core) error {
	r := ec.Request()
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return control.ErrReadOnly()
	}
	return core.Refuse(r.Context(), page.Principal(ec), vpn.RequestAction(r.Method, ec.Path()), r.URL.Path)
}
