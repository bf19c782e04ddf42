// Package mfa holds the pages on which a user of the self-service portal sets up an authenticator, and replaces it.
package mfa

import (
	"cmp"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"sallyport/control/portal"
	"sallyport/handlers/portal/page"
	views "sallyport/views/portal"
	"sallyport/vpn"
)

// Pages are the actions.
type Pages struct {
	service *portal.Service
	now     func() time.Time
}

// New makes the actions.
func New(service *portal.Service, now func() time.Time) *Pages { return &Pages{service, now} }

type codeInput struct {
	Code     string `form:"code"`
	Recovery string `form:"recovery"` // in place of the code
}

// typed is the code of the form.
func typed(c echo.Context) (string, error) {
	var in codeInput
	err := c.Bind(&in)
	return cmp.Or(strings.TrimSpace(in.Recovery), in.Code), err
}

func (h *Pages) at(t time.Time) views.Time { return views.At(h.now(), t) }

// shown is the page of what the user has and sets up.
func (h *Pages) shown(c echo.Context, m portal.MFA) views.MFA {
	u := page.User(c)
	v := views.MFA{Nav: page.Nav(c, page.MFAPath), Purpose: u.Session.Purpose, AsksCode: m.AsksCode}
	if m.Device.ID != "" {
		v.Since, v.ByUser, v.By = h.at(m.Device.ConfirmedAt), m.Device.SelfEnrolled, m.Device.CreatedBy
		v.LastCode = h.at(m.Device.UsedAt())
		v.Codes, v.Left, v.Low = !m.Recovery.Made.IsZero(), strconv.Itoa(m.Recovery.Left)+" of "+strconv.Itoa(vpn.RecoveryCodes), m.Recovery.Left <= vpn.RecoveryLow
		v.CodesMade, v.RecoveryUsed = h.at(m.Recovery.Made), h.at(m.Recovery.UsedAt)
	}
	if m.Enrolment.Session != "" {
		v.URI, v.Key = vpn.KeyURI(m.Key, m.Issuer, m.Enrolment.Username), vpn.GroupedKey(m.Key)
		v.Account, v.Until = vpn.PrintableText(m.Enrolment.Username), h.at(m.Enrolment.CreatedAt.Add(vpn.MFAEnrolmentLife))
	}
	return v
}

// Show shows the authenticator of the user, or the QR code of what is set up.
func (h *Pages) Show(c echo.Context) error { return h.show(c, http.StatusOK, "", nil) }

// show shows the page with a sentence on top, or with what is wrong with a code.
func (h *Pages) show(c echo.Context, status int, sentence string, refused error) error {
	m, err := h.service.MFA(page.Context(c), page.User(c))
	if err != nil {
		return h.failed(c, err)
	}
	v := h.shown(c, m)
	v.Sentence, v.Problem = sentence, vpn.FieldsOf(refused)["code"]
	if v.Purpose == vpn.ForPortal && c.QueryParams().Has("cancelled") {
		v.Done = "Nothing was changed. Your authenticator goes on to count."
	}
	return page.Render(c, status, views.MFAPage(v))
}

// failed leads a user whose directory asks for no codes any more to the portal, and one who has to sign in there.
func (h *Pages) failed(c echo.Context, err error) error {
	switch {
	case vpn.CodeOf(err) == vpn.CodeMFADeviceNotFound:
		return c.Redirect(http.StatusSeeOther, portal.Path)
	case vpn.CodeOf(err) == vpn.CodeMFAEnrolmentOver:
		return h.show(c, http.StatusConflict, vpn.ErrMFAEnrolmentOver.Msg, nil)
	case vpn.CodeOf(err) == vpn.CodeAuthFailure:
		return h.show(c, http.StatusForbidden, err.Error(), nil)
	}
	return err
}

// New asks for a code before an authenticator is replaced.
func (h *Pages) New(c echo.Context) error {
	u := page.User(c)
	if u.Session.ForMFA() {
		return c.Redirect(http.StatusSeeOther, portal.MFAPath)
	}
	return page.Render(c, http.StatusOK, views.MFACodePage(views.MFACode{Nav: page.Nav(c, page.MFAPath), Recovery: true}))
}

// Begin begins to set up an authenticator.
func (h *Pages) Begin(c echo.Context) error {
	code, err := typed(c)
	if err != nil {
		return err
	}
	u := page.User(c)
	err = h.service.BeginMFA(page.Context(c), u, code)
	switch {
	case vpn.KindOf(err) == vpn.Invalid && u.Session.ForMFA():
		return h.show(c, http.StatusUnprocessableEntity, "", err)
	case vpn.KindOf(err) == vpn.Invalid:
		return page.Render(c, http.StatusUnprocessableEntity, views.MFACodePage(views.MFACode{Nav: page.Nav(c, page.MFAPath), Recovery: true, Problem: vpn.FieldsOf(err)["code"]}))
	case err != nil:
		return h.failed(c, err)
	}
	return c.Redirect(http.StatusSeeOther, portal.MFAPath)
}

// Confirm takes the first code of the authenticator, and shows the recovery codes: in this answer and never again.
func (h *Pages) Confirm(c echo.Context) error {
	code, err := typed(c)
	if err != nil {
		return err
	}
	codes, token, err := h.service.ConfirmMFA(page.Context(c), page.User(c), code)
	if vpn.KindOf(err) == vpn.Invalid {
		return h.show(c, http.StatusUnprocessableEntity, "", err)
	}
	if err != nil {
		return h.failed(c, err)
	}
	page.SetPortalToken(c, token)
	u := page.User(c)
	u.Session.Purpose = vpn.ForPortal
	page.SetUser(c, u)
	return h.showCodes(c, codes, true)
}

// Cancel gives up what is set up.
func (h *Pages) Cancel(c echo.Context) error {
	if err := h.service.CancelMFA(page.Context(c), page.User(c)); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, portal.MFAPath+"?cancelled")
}
