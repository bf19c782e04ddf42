package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"sallyport/control/access"
	"sallyport/handlers/admin"
	"sallyport/static"
	"sallyport/views/layout"
)

const (
	get  = http.MethodGet
	post = http.MethodPost
)

// route is one URL with its handler and policy. GET never changes anything.
type route struct {
	method  string
	path    string
	handler echo.HandlerFunc
	policy  policy
}

// sessionless are the routes that need no session.
var sessionless = map[string]bool{"/static/*": true, "/healthz": true}

// routes is every URL of the console; those of the VPN itself are in routes_vpn.go.
func routes(h *admin.Console, a *access.Service) []route {
	own := []route{
		{get, "/healthz", healthz(a), public},
		{get, "/static/*", echo.WrapHandler(static.Handler()), public},
		{post, "/theme", h.ThemeChoose, public},

		{get, "/setup", h.SetupForm, setup},
		{post, "/setup", h.SetupComplete, setup},
		{get, "/sign-in", h.SignInForm, public},
		{post, "/sign-in", h.SignIn, public},
		{post, "/sign-out", h.SignOut, public},

		{get, "/", h.Start, signedIn},
		{get, "/settings", h.Settings, signedIn},
		{get, layout.BannerPath, h.NodeBanner, signedIn},
		{get, "/account", h.Account, signedIn},
		{post, "/account/password", h.AccountPassword, signedIn},

		{get, "/administrators", h.Administrators, signedIn},
		{get, "/administrators/new", h.AdministratorNew, mayChange},
		{post, "/administrators/new", h.AdministratorAdd, mayChange},
		{get, "/administrators/:administrator", h.AdministratorForm, mayChange},
		{post, "/administrators/:administrator", h.AdministratorEdit, mayChange},
		{post, "/administrators/:administrator/password", h.AdministratorPassword, mayChange},
	}
	return append(own, vpnRoutes(h)...)
}

// register adds the routes to echo, each behind its policy. Every GET route also answers HEAD.
func register(e *echo.Echo, s admin.Services, list []route) {
	for _, r := range list {
		guarded := r.policy.guard(s, r.handler)
		e.Add(r.method, r.path, guarded)
		if r.method == get {
			e.Add(http.MethodHead, r.path, guarded)
		}
	}
}

// healthz tells whether pages can be served, which needs the database.
func healthz(a *access.Service) echo.HandlerFunc {
	return func(ec echo.Context) error {
		if _, err := a.SetupNeeded(ec.Request().Context()); err != nil {
			return ec.String(http.StatusServiceUnavailable, "the database does not answer\n")
		}
		return ec.String(http.StatusOK, "ok\n")
	}
}
