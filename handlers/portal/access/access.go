// Package access holds the actions of the page My access of the self-service portal: what a user reaches, their sessions and their
// sign-ins.
package access

import (
	"cmp"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"sallyport/control/portal"
	"sallyport/handlers/portal/page"
	views "sallyport/views/portal"
	"sallyport/vpn"
)

// Pages are the actions of My access.
type Pages struct {
	service *portal.Service
	now     func() time.Time
}

// New makes the actions.
func New(service *portal.Service, now func() time.Time) *Pages { return &Pages{service, now} }

// What a page tells about the last action, by the value of the parameter done.
const (
	doneEnded    = "ended"
	doneReported = "reported"
)

// Show shows the page.
func (h *Pages) Show(c echo.Context) error {
	after := vpn.ReadSignInPlace(c.QueryParam("after"))
	a, err := h.service.Access(page.Context(c), page.User(c), after)
	if err != nil {
		return err
	}
	v := views.Access{
		Nav: page.Nav(c, page.AccessPath), LookUp: lookUp(a.LookUp), More: a.More, Continued: after != vpn.SignInPlace{},
		Ended: c.QueryParam("done") == doneEnded, Reported: c.QueryParam("done") == doneReported, Waiting: len(a.Reported),
	}
	if next := a.Next.String(); next != "" {
		v.Older = page.AccessPath + "?after=" + next + "#sign-ins"
	}
	for _, g := range a.Groups {
		v.Groups = append(v.Groups, vpn.PrintableText(cmp.Or(g.Name, g.ID)))
	}
	for _, e := range a.Endpoints {
		v.Endpoints = append(v.Endpoints, reached(e))
	}
	for _, s := range a.Sessions {
		v.Sessions = append(v.Sessions, h.session(s))
	}
	for _, s := range a.SignIns {
		v.SignIns = append(v.SignIns, h.signIn(s))
	}
	return page.Render(c, http.StatusOK, views.AccessPage(v))
}

// AskEnd asks whether a session shall end.
func (h *Pages) AskEnd(c echo.Context) error {
	s, err := h.service.Session(page.Context(c), page.User(c), vpn.SessionID(c.Param("session")))
	if err != nil {
		return err
	}
	return page.Render(c, http.StatusOK, views.AccessEndPage(views.AccessQuestion{Nav: page.Nav(c, page.AccessPath), Path: c.Request().URL.Path, Session: h.session(s)}))
}

// End ends a session.
func (h *Pages) End(c echo.Context) error {
	if err := h.service.EndSession(page.Context(c), page.User(c), vpn.SessionID(c.Param("session"))); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, page.AccessPath+"?done="+doneEnded)
}

// AskReport asks whether a sign-in was not the user's.
func (h *Pages) AskReport(c echo.Context) error {
	s, err := h.service.OwnSignIn(page.Context(c), page.User(c), c.Param("signin"))
	if err != nil {
		return err
	}
	return page.Render(c, http.StatusOK, views.AccessReportPage(views.AccessQuestion{Nav: page.Nav(c, page.AccessPath), Path: c.Request().URL.Path, SignIn: h.signIn(s)}))
}

// Report reports that a sign-in was not the user's.
func (h *Pages) Report(c echo.Context) error {
	if err := h.service.Report(page.Context(c), page.User(c), c.Param("signin")); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, page.AccessPath+"?done="+doneReported)
}
