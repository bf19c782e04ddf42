package certificate

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"sallyport/control/certificate"
	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

// BlockForm asks for confirmation to block a certificate.
func (h *Certificates) BlockForm(c echo.Context) error { return h.renderBlock(c, nil) }

func (h *Certificates) renderBlock(c echo.Context, refused error) error {
	preview, err := h.certificates.BlockPreview(page.Context(c), page.Principal(c), certificateID(c))
	if err != nil {
		return err
	}
	path := views.CertificatePath(certificateID(c))
	confirm := confirmBlock(preview, path+"/block", path)
	confirm.Crumbs = append(certificateCrumbs[:1:1], parts.Crumb{Label: preview.CommonName, Href: path})
	return h.renderConfirm(c, refused, "certificates", confirm)
}

// Block blocks a certificate.
func (h *Certificates) Block(c echo.Context) error {
	n, err := h.certificates.BlockCertificate(page.Context(c), page.Principal(c), certificateID(c))
	if page.BelongsInForm(err) {
		return h.renderBlock(c, err)
	}
	if err != nil {
		return err
	}
	return h.pages.Done(c, blocked(n), views.CertificatePath(certificateID(c)))
}

// BlockOfConnectionForm asks for confirmation to block the certificate of a connection.
func (h *Certificates) BlockOfConnectionForm(c echo.Context) error {
	return h.renderBlockOfConnection(c, nil)
}

func (h *Certificates) renderBlockOfConnection(c echo.Context, refused error) error {
	endpoint, connection := ofConnection(c)
	preview, err := h.certificates.ConnectionBlockPreview(page.Context(c), page.Principal(c), endpoint, connection)
	if err != nil {
		return err
	}
	list := views.EndpointPath(endpoint, "connections")
	confirm := confirmBlock(preview, views.EndpointPath(endpoint, "connections", string(connection), "block"), list)
	confirm.Crumbs = []parts.Crumb{{Label: "Client VPN endpoints", Href: "/endpoints"}, {Label: preview.Endpoint.Label(), Href: views.EndpointPath(endpoint)}, {Label: "Connections", Href: list}}
	return h.renderConfirm(c, refused, "endpoints", confirm)
}

// BlockOfConnection blocks the certificate of a connection.
func (h *Certificates) BlockOfConnection(c echo.Context) error {
	endpoint, connection := ofConnection(c)
	n, err := h.certificates.BlockConnectionCertificate(page.Context(c), page.Principal(c), endpoint, connection)
	if page.BelongsInForm(err) {
		return h.renderBlockOfConnection(c, err)
	}
	if err != nil {
		return err
	}
	return h.pages.Done(c, blocked(n), views.EndpointPath(endpoint, "connections"))
}

func ofConnection(c echo.Context) (vpn.EndpointID, vpn.ConnectionID) {
	return vpn.EndpointID(c.Param("endpoint")), vpn.ConnectionID(c.Param("connection"))
}

func (h *Certificates) renderConfirm(c echo.Context, refused error, section string, confirm parts.Confirm) error {
	confirm.Err = page.Refusal(refused)
	return page.RenderForm(c, refused, views.ConfirmPage(h.pages.Chrome(c, confirm.Button, section), confirm))
}

func confirmBlock(p certificate.BlockPreview, action, cancel string) parts.Confirm {
	confirm := parts.Confirm{
		Title:  "Block the certificate of " + p.CommonName + "?",
		Text:   "Every endpoint refuses this certificate from now on, and connections with it end at once. Other certificates of the same name are not concerned. You can unblock it later. A block holds in this program alone, for certificates of every authority. To refuse a certificate that was issued here for good, or where other programs read its revocation list, revoke it instead.",
		People: connectedWith(p.Connected), Facts: blockFacts(p),
		Action: action, Cancel: cancel, Button: "Block certificate",
	}
	if p.Blocked {
		confirm.Blocked = "This certificate is blocked already."
	}
	return confirm
}

func connectedWith(n int) string {
	if n == 0 {
		return "No client is connected with it at this moment."
	}
	return parts.Count(n, "connection") + " with it will end."
}

func blocked(n int) string {
	text := "The certificate is blocked."
	if n > 0 {
		text += " " + parts.Count(n, "connection") + " will be terminated."
	}
	return text
}

func blockFacts(p certificate.BlockPreview) []parts.Pair {
	return []parts.Pair{
		{Label: "Serial number", Value: p.Serial, Mono: true},
		{Label: "SHA-256 fingerprint", Value: p.Fingerprint, Mono: true},
	}
}

func blockedCrumbs() []parts.Crumb {
	return append(certificateCrumbs[:1:1], parts.Crumb{Label: "Blocked certificates", Href: views.BlockedPath()})
}

// UnblockForm asks for confirmation to take a block back.
func (h *Certificates) UnblockForm(c echo.Context) error { return h.renderUnblock(c, nil) }

func (h *Certificates) renderUnblock(c echo.Context, refused error) error {
	preview, err := h.certificates.UnblockPreview(page.Context(c), page.Principal(c), c.Param("fingerprint"))
	if err != nil {
		return err
	}
	return h.renderConfirm(c, refused, "certificates", parts.Confirm{
		Crumbs: blockedCrumbs(),
		Title:  "Unblock the certificate of " + preview.CommonName + "?",
		Text:   "The holder of this certificate can connect again.",
		Facts:  append(blockFacts(preview), parts.Fact("Blocked by", preview.By), parts.FactTime("Blocked", parts.At(h.pages.Now(), preview.At))),
		Action: views.BlockedPath(preview.Fingerprint, "unblock"), Cancel: views.BlockedPath(), Button: "Unblock certificate",
	})
}

// Unblock takes a block back.
func (h *Certificates) Unblock(c echo.Context) error {
	err := h.certificates.UnblockCertificate(page.Context(c), page.Principal(c), c.Param("fingerprint"))
	if page.BelongsInForm(err) {
		return h.renderUnblock(c, err)
	}
	if err != nil {
		return err
	}
	return h.pages.Done(c, "The certificate is unblocked.", views.BlockedPath())
}

// severalBlocked are the blocked certificates that a request chooses, by their fingerprints.
func (h *Certificates) severalBlocked(c echo.Context) (page.Several, []string, error) {
	ids := page.Picked[string](c)
	rows, err := page.RowsByID(ids, func(fingerprint string) (string, error) {
		b, err := h.certificates.UnblockPreview(page.Context(c), page.Principal(c), fingerprint)
		return views.NameOr(b.CommonName, "unknown") + " (serial number " + b.Serial + ")", err
	})
	return page.Several{
		Crumbs: blockedCrumbs(),
		Title:  "Unblock " + parts.Count(len(rows), "certificate") + "?",
		Text:   "The holders of these certificates can connect again.", About: "These certificates:",
		Rows:   rows,
		Button: "Unblock certificates", Section: "certificates", Path: views.BlockedPath("unblock"), List: views.BlockedPath(),
	}, ids, err
}

// UnblockSeveralForm asks for confirmation to take several blocks back.
func (h *Certificates) UnblockSeveralForm(c echo.Context) error {
	return page.AskSeveral(h.pages, c, h.severalBlocked)
}

// UnblockSeveral takes several blocks back. Each is a change of its own.
func (h *Certificates) UnblockSeveral(c echo.Context) error {
	return page.ActOnSeveral(h.pages, c, h.severalBlocked, page.OneByOne(func(fingerprint string) error {
		return h.certificates.UnblockCertificate(page.Context(c), page.Principal(c), fingerprint)
	}), func(n int) string { return parts.Count(n, "certificate") + " unblocked." })
}

// Blocked lists the blocked certificates.
func (h *Certificates) Blocked(c echo.Context) error {
	l := page.ListOf(c)
	found, err := h.certificates.BlockedCertificates(page.Context(c), page.Principal(c), l)
	if err != nil {
		return err
	}
	v := views.BlockedList{Crumbs: certificateCrumbs, List: page.ListView(c, l, found), Rows: found.Items}
	v.List.Caption, v.List.Noun, v.List.Plural, v.List.Hint = "Blocked certificates", "blocked certificate", "blocked certificates", "common name, serial number or fingerprint"
	v.List.Columns = []parts.Column{{Key: "common_name", Label: "Common name"}, {Label: "Serial number and fingerprint"}, {Key: "at", Label: "Blocked"}, {Label: "Actions", Quiet: true}}
	v.List.Part = "blocked"
	if page.Principal(c).Role.MayChange() {
		v.List.Bulk = []parts.BulkAction{{Label: "Unblock certificates", Path: views.BlockedPath("unblock")}}
	}
	v.List.Empty = parts.Empty{Title: "No certificate is blocked", Text: "Block a client certificate on its own page, or from one of its connections.",
		Action: parts.Button{Label: "Show client certificates", Href: "/certificates?use=" + string(vpn.UseClient)}}
	v.Chrome = h.pages.Chrome(c, "Blocked certificates", "certificates")
	return page.Render(c, http.StatusOK, views.BlockedCertificates(v))
}
