package mfa

import (
	"fmt"
	"mime"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"sallyport/handlers/portal/page"
	views "sallyport/views/portal"
	"sallyport/vpn"
)

// Renewal asks for a code before new recovery codes are made.
func (h *Pages) Renewal(c echo.Context) error {
	return page.Render(c, http.StatusOK, views.MFACodePage(views.MFACode{Nav: page.Nav(c, page.MFAPath)}))
}

// Renew makes new recovery codes, and shows them: in this answer and never again.
func (h *Pages) Renew(c echo.Context) error {
	code, err := typed(c)
	if err != nil {
		return err
	}
	codes, err := h.service.RenewRecoveryCodes(page.Context(c), page.User(c), code)
	if vpn.KindOf(err) == vpn.Invalid {
		return page.Render(c, http.StatusUnprocessableEntity, views.MFACodePage(views.MFACode{Nav: page.Nav(c, page.MFAPath), Problem: vpn.FieldsOf(err)["code"]}))
	}
	if err != nil {
		return h.failed(c, err)
	}
	return h.showCodes(c, codes, false)
}

func (h *Pages) showCodes(c echo.Context, codes []vpn.Secret, enrolled bool) error {
	v := views.MFARecovery{Nav: page.Nav(c, page.MFAPath), Enrolled: enrolled, Made: views.Written(h.now())}
	for _, code := range codes {
		v.Codes = append(v.Codes, code.Reveal())
	}
	return page.Render(c, http.StatusOK, views.MFARecoveryPage(v))
}

// File sends recovery codes back as a file: the page that shows them has them, and the server keeps none. What has not their
// form is refused.
func (h *Pages) File(c echo.Context) error {
	form, err := c.FormParams()
	if err != nil {
		return err
	}
	codes := form["codes"]
	if len(codes) == 0 || len(codes) > vpn.RecoveryCodes {
		return c.Redirect(http.StatusSeeOther, page.MFAPath)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Recovery codes of %s for the VPN, of %s\r\n", vpn.PrintableText(page.User(c).Name), views.Written(h.now()))
	b.WriteString("Each stands once for the MFA code when you sign in to the self-service portal.\r\n\r\n")
	for _, code := range codes {
		if !vpn.IsRecoveryCode(code) {
			return c.Redirect(http.StatusSeeOther, page.MFAPath)
		}
		b.WriteString(code + "\r\n")
	}
	c.Response().Header().Set(echo.HeaderContentDisposition, mime.FormatMediaType("attachment", map[string]string{"filename": "vpn-recovery-codes.txt"}))
	return c.Blob(http.StatusOK, "text/plain; charset=utf-8", []byte(b.String()))
}
