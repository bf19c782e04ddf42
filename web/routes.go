package web

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"sallyport/control"
	"sallyport/handlers/admin"
	"sallyport/handlers/admin/page"
	"sallyport/static"
	views "sallyport/views/admin"
	"sallyport/views/help"
	"sallyport/views/layout"
	"sallyport/vpn"
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
func routes(h *admin.Console, core *control.Core) []route {
	own := []route{
		{get, "/healthz", healthz(core.Ready), public},
		{get, "/static/*", echo.WrapHandler(static.Handler()), public},
		{post, "/theme", page.ChooseTheme, public},
		{post, "/list-view", page.ChooseList, signedIn},

		{get, "/setup", h.Access.Setup.Form, setup},
		{post, "/setup", h.Access.Setup.Complete, setup},
		{get, "/sign-in", h.Access.Session.Form, public},
		{post, "/sign-in", h.Access.Session.SignIn, public},
		{post, "/sign-out", h.Access.Session.SignOut, public},

		{get, "/", h.Overview.View, signedIn},
		{get, views.StartPath, h.Tutorial.View, signedIn},
		{post, views.DismissPath, h.Overview.Dismiss, signedIn},
		{get, views.QuickStartPath, h.QuickStart.Form, may(vpn.QuickStart)},
		{post, views.QuickStartPath, h.QuickStart.Start, may(vpn.QuickStart)},
		{get, layout.SearchPath, h.Search.View, signedIn},
		{get, help.Path, h.Help.Index, signedIn},
		{get, help.Path + "/:page", h.Help.View, signedIn},
		{get, "/node", h.Node.View, signedIn},
		{get, "/settings", h.Node.Settings, signedIn},
		{post, "/settings", h.Node.SaveSettings, may(vpn.ModifySettings)},
		{get, layout.BannerPath, h.Node.Banner, signedIn},
		{get, "/account", h.Access.Account.View, signedIn},
		{post, "/account/password", h.Access.Account.ChangePassword, signedIn},

		{get, "/administrators", h.Access.Administrators.List, signedIn},
		{get, "/administrators/new", h.Access.Administrators.New, may(vpn.AddAdministrator)},
		{post, "/administrators/new", h.Access.Administrators.Add, may(vpn.AddAdministrator)},
		{get, "/administrators/disable", h.Access.Administrators.DisableSeveralForm, may(vpn.EditAdministrator)},
		{post, "/administrators/disable", h.Access.Administrators.DisableSeveral, may(vpn.EditAdministrator)},
		{get, "/administrators/enable", h.Access.Administrators.EnableSeveralForm, may(vpn.EditAdministrator)},
		{post, "/administrators/enable", h.Access.Administrators.EnableSeveral, may(vpn.EditAdministrator)},
		{get, "/administrators/:administrator", h.Access.Administrators.View, may(vpn.EditAdministrator)},
		{post, "/administrators/:administrator", h.Access.Administrators.Edit, may(vpn.EditAdministrator)},
		{post, "/administrators/:administrator/password", h.Access.Administrators.ResetPassword, may(vpn.ResetPassword)},
	}
	return append(append(append(own, vpnRoutes(h)...), samlRoutes(h)...), selfServiceRoutes(h)...)
}

// register adds the routes to echo, each behind its policy.
func register(e *echo.Echo, s admin.Services, list []route) {
	for _, r := range list {
		add(e, r.method, r.path, r.policy.guard(s, r.handler))
	}
}

// add adds one route. What answers GET answers HEAD.
func add(e *echo.Echo, method, path string, h echo.HandlerFunc) {
	e.Add(method, path, h)
	if method == get {
		e.Add(http.MethodHead, path, h)
	}
}

// healthz tells whether pages can be served, which needs the database.
func healthz(ready func(context.Context) error) echo.HandlerFunc {
	return func(ec echo.Context) error {
		if err := ready(ec.Request().Context()); err != nil {
			return ec.String(http.StatusServiceUnavailable, "the database does not answer\n")
		}
		return ec.String(http.StatusOK, "ok\n")
	}
}
