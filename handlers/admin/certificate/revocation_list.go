package certificate

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"sallyport/control/certificate"
	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

// authorityKey chooses among the authorities of a certificate's chain.
func authorityKey(c echo.Context) string { return c.QueryParam("authority") }

// RevocationList shows the revocation list of an authority.
func (h *Certificates) RevocationList(c echo.Context) error {
	l := page.ListOf(c)
	typed := l.Search
	l.Search = strings.ReplaceAll(strings.TrimPrefix(strings.TrimSpace(typed), "0x"), ":", "") // as certificates and OpenSSL write a number
	found, err := h.certificates.RevocationList(page.Context(c), page.Principal(c), certificateID(c), authorityKey(c), l)
	if err != nil {
		return err
	}
	l.Search = typed
	may := page.Principal(c).Role.MayChange()
	v := views.RevocationListPage{
		Header: parts.Header{Crumbs: append(certificateCrumbs[:1:1], parts.Crumb{Label: views.NameOr(found.Of.Name, found.Of.ID), Href: views.CertificatePath(found.Of.ID)}),
			Title: "Certificate revocation list of " + found.Authority.Name},
		Of: found.Of.ID, Key: found.Authority.Key, Present: found.Present && !found.List.NextUpdate.IsZero(), Ours: found.Present && !found.List.Imported,
		Signs: !found.List.Imported && found.Authority.Kept.ID != "" && (found.Present || found.Authority.Renews()), Warning: found.List.Warning(h.pages.Now(), !found.List.Imported && found.Authority.Renews()),
		Facts: listFacts(found, h.pages.Now(), h.publicURL(found)), List: page.ListView(c, l, found.Entries), Rows: found.Entries.Items,
		Notes: listNotes(found),
	}
	for _, o := range found.Others {
		v.Others = append(v.Others, parts.Button{Label: "List of " + o.Name, Href: views.RevocationListPath(found.Of.ID, o.Key)})
	}
	v.List.Caption, v.List.Noun, v.List.Plural, v.List.Hint = "Revoked certificates", "revoked certificate", "revoked certificates", "serial number (decimal or hexadecimal) or common name"
	v.List.Part, v.List.Extra = "revoked", url.Values{"authority": {found.Authority.Key}}
	v.List.Columns = []parts.Column{{Label: "Serial number"}, {Label: "Common name"}, {Label: "Reason"}, {Key: "at", Label: "Revoked"}, {Label: "Actions", Quiet: true}}
	v.List.Empty = parts.Empty{Title: "No certificate of this authority is revoked", Text: emptyList(found, may),
		Action: parts.Button{Label: "Show its certificates", Href: "/certificates?authority=" + string(found.Of.ID)}}
	v.Chrome = h.pages.Chrome(c, v.Header.Title, "certificates")
	return page.Render(c, http.StatusOK, views.RevocationList(v))
}

func emptyList(v certificate.RevocationView, may bool) string {
	switch {
	case !may:
		return ""
	case v.Authority.Renews() && !v.List.Imported:
		return "Revoke a certificate on its own page."
	case v.Present:
		return ""
	default:
		return "Import the list that the authority makes, for example pki/crl.pem of easy-rsa."
	}
}

func listNotes(v certificate.RevocationView) []string {
	var notes []string
	switch {
	case v.Present && v.List.Imported && v.Authority.Renews():
		notes = append(notes, "The list was imported, and the key of the authority is kept here. Revoking a certificate here asks whether the list is made here from then on: what is on it stays, and no other list can be imported after that. Devices of users that are removed are refused, and are not on the imported list.")
	case v.Present && v.List.Imported:
		notes = append(notes, "The list was made elsewhere. When it has expired, no client with a certificate of this authority connects until a new one is imported.")
	case v.Authority.Renews():
		notes = append(notes, "The list is signed here and renewed long before its end. Logins are checked against what is revoked here, whether others have fetched the list or not.")
	case v.Present:
		notes = append(notes, "The list is made here, and the authority's key is not kept here: revoking a certificate, and signing the list before it expires, asks for the key.")
	}
	return notes
}

// noList says what the absence of a list means.
func noList(a certificate.Authority) string {
	if a.Renews() {
		return "None yet. It is made when the first certificate is revoked."
	}
	return "None. Certificates of this authority are not checked against a list."
}

func listFacts(v certificate.RevocationView, now time.Time, publicURL string) []parts.Pair {
	authority := parts.Pair{Label: "Certificate authority", Value: v.Authority.Name}
	if v.Authority.Kept.ID != "" {
		authority.Href = views.CertificatePath(v.Authority.Kept.ID)
	}
	facts := []parts.Pair{authority}
	if !v.Present {
		facts = append(facts, parts.Fact("List", noList(v.Authority)))
	} else {
		source := "Made here"
		if v.List.Imported {
			source = "Imported " + parts.At(now, v.List.SavedAt).Relative + " by " + v.List.SavedBy
		}
		facts = append(facts, parts.Fact("Source", source), parts.Fact("Entries", parts.Number(v.List.Entries)), parts.Fact("CRL number", views.NameOr(v.List.Number, "none")))
		if !v.List.NextUpdate.IsZero() {
			facts = append(facts, parts.FactTime("Last update", parts.At(now, v.List.ThisUpdate)),
				parts.Pair{Label: "Next update", Value: v.List.NextUpdate.UTC().Format("2 January 2006, 15:04 UTC"), Help: daysLeft(v.List, now)})
		}
	}
	facts = append(facts, views.FactEndpoints("Endpoints that obey it", v.Endpoints))
	if publicURL != "" {
		facts = append(facts, parts.Pair{Label: "Public URL", Value: publicURL, Copy: true, Help: "Other programs can fetch the list there, without a sign-in."})
	}
	return facts
}

func daysLeft(l vpn.RevocationList, now time.Time) string {
	if l.Expired(now) {
		return "Expired."
	}
	return parts.Count(l.Days(now), "day") + " to expiry."
}

// publicURL is where the list can be fetched; empty where it cannot.
func (h *Certificates) publicURL(v certificate.RevocationView) string {
	if v.Authority.Kept.ID == "" || !v.Present || v.List.NextUpdate.IsZero() {
		return ""
	}
	return h.certificates.PublishedURL(v.Authority.Kept.ID)
}

// ExportRevocationList sends the list in PEM.
func (h *Certificates) ExportRevocationList(c echo.Context) error {
	out, err := h.certificates.ExportRevocationList(page.Context(c), page.Principal(c), certificateID(c), authorityKey(c))
	if err != nil {
		return err
	}
	return page.Download(c, out.Base+".crl.pem", pemKind, out.PEM)
}

// ExportRevocationListDER sends the list in DER.
func (h *Certificates) ExportRevocationListDER(c echo.Context) error {
	out, err := h.certificates.ExportRevocationList(page.Context(c), page.Principal(c), certificateID(c), authorityKey(c))
	if err != nil {
		return err
	}
	return page.Download(c, out.Base+".crl", "application/pkix-crl", string(out.DER))
}

// DeleteRevocationListForm asks for confirmation to remove an imported list.
func (h *Certificates) DeleteRevocationListForm(c echo.Context) error {
	return h.renderDeleteList(c, nil)
}

func (h *Certificates) renderDeleteList(c echo.Context, refused error) error {
	found, err := h.certificates.RevocationList(page.Context(c), page.Principal(c), certificateID(c), authorityKey(c), vpn.List{Size: 1})
	if err != nil {
		return err
	}
	confirm := h.listConfirm(found, "Remove the certificate revocation list of "+found.Authority.Name+"?", "delete", "Remove list")
	confirm.Text = "Certificates of this authority are not checked against a list any more: the " + parts.Count(found.List.Entries, "certificate") + " on it can connect again, unless they are blocked."
	if !found.Present || !found.List.Imported {
		confirm.Blocked = "There is no imported list of this authority."
	}
	return h.renderConfirm(c, refused, "certificates", confirm)
}

func (h *Certificates) listConfirm(v certificate.RevocationView, title, action, button string) parts.Confirm {
	list := views.RevocationListPath(v.Of.ID, v.Authority.Key)
	return parts.Confirm{
		Crumbs: append(certificateCrumbs[:1:1], parts.Crumb{Label: "Certificate revocation list of " + v.Authority.Name, Href: list}),
		Title:  title, Action: views.RevocationListPath(v.Of.ID, v.Authority.Key, action), Cancel: list, Button: button,
		Facts: []parts.Pair{views.FactEndpoints("Endpoints that obey it", v.Endpoints)},
	}
}

// DeleteRevocationList removes an imported list.
func (h *Certificates) DeleteRevocationList(c echo.Context) error {
	err := h.certificates.DeleteRevocationList(page.Context(c), page.Principal(c), certificateID(c), authorityKey(c))
	if page.BelongsInForm(err) {
		return h.renderDeleteList(c, err)
	}
	if err != nil {
		return err
	}
	return h.pages.Done(c, "The certificate revocation list was removed.", views.RevocationListPath(certificateID(c), authorityKey(c)))
}
