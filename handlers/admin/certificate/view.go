package certificate

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

// View shows one certificate.
func (h *Certificates) View(c echo.Context) error {
	return h.renderView(c, http.StatusOK, "")
}

func (h *Certificates) renderView(c echo.Context, status int, refused string) error {
	cert, err := h.certificates.Certificate(page.Context(c), page.Principal(c), certificateID(c))
	if err != nil {
		return err
	}
	v := views.Certificate{
		Header: parts.Header{Crumbs: certificateCrumbs, Title: views.NameOr(cert.Name, cert.ID), State: views.CertificateState(cert, h.pages.Now())},
		ID:     cert.ID, Err: refused,
		Facts: certificateFacts(cert, h.pages.Now()), Key: keyOf(cert.Certificate, page.Principal(c).Role.MayChange()),
	}
	v.File = fileOf(cert, h.pages.Now())
	may := page.Principal(c).Role.MayChange()
	if may && cert.CanIssue(h.pages.Now()) {
		v.Issue = "/certificates/issue?authority=" + string(cert.ID)
	}
	v.Actions = certificateActions(cert, may)
	if may && cert.Use == vpn.UseClient && cert.Authority != "" && cert.Blocked == nil && cert.Revoked == nil {
		v.Header.Note = "Two ways to refuse it: revoke it for good, on its authority's revocation list, which other programs read too; or block it in this program, until you unblock it."
	}
	v.Chrome = h.pages.Chrome(c, v.Header.Title, "certificates")
	return page.Render(c, status, views.CertificatePage(v))
}

// revokedForGood tells whether the certificate is revoked and not on hold: no endpoint takes it again.
func revokedForGood(cert vpn.CertificateStatus) bool {
	return cert.Revoked != nil && !cert.Revoked.Hold()
}

func certificateFacts(cert vpn.CertificateStatus, now time.Time) []parts.Pair {
	issuer := parts.Pair{Label: "Issuer", Value: cert.Issuer}
	if cert.Authority != "" {
		issuer.Href = views.CertificatePath(cert.Authority)
	}
	facts := []parts.Pair{
		{Label: "Certificate ID", Value: string(cert.ID), Copy: true},
		parts.Fact("Use", views.CertificateUse(cert.Use)),
		commonNameFact(cert),
	}
	if len(cert.DNSNames) > 0 {
		facts = append(facts, parts.Fact("DNS names", strings.Join(cert.DNSNames, ", ")))
	}
	facts = append(facts, issuer)
	facts = append(facts, chainFacts(cert.Certificate)...)
	facts = append(facts,
		parts.Fact("Key type", cert.KeyType),
		validFrom(cert.Certificate, now),
		parts.Pair{Label: "Expires", Value: cert.NotAfter.UTC().Format("2 January 2006, 15:04 UTC"), Help: parts.At(now, cert.NotAfter).Relative},
		parts.Pair{Label: "Serial number", Value: cert.Serial, Mono: true},
		parts.Pair{Label: "SHA-256 fingerprint", Value: cert.Fingerprint, Copy: true},
		views.FactEndpoints("Used by", cert.UsedBy),
	)
	if cert.Use == vpn.UseClient {
		facts = append(facts, lastUsed(cert.Login, now))
	}
	if cert.RenewsItself && len(cert.UsedBy) > 0 {
		facts = append(facts, parts.Pair{Label: "Renewal", Value: "Automatic, from " + views.Date(cert.RenewsFrom()), Help: "See the setting Renew server certificates automatically."})
	}
	if cert.Blocked != nil {
		facts = append(facts, parts.Pair{Label: "Blocked", Value: parts.At(now, cert.Blocked.At).Relative + " by " + cert.Blocked.By, Help: "Every endpoint refuses it."})
	}
	if cert.Revoked != nil {
		fact := parts.Pair{Label: "Revoked", Value: parts.At(now, cert.Revoked.At).Relative, Help: cert.Revoked.Reason.Words() + " (" + string(cert.Revoked.Reason) + ")."}
		if cert.Revoked.By != "" {
			fact.Value += " by " + cert.Revoked.By
		}
		facts = append(facts, fact)
	}
	if cert.Use == vpn.UseAuthority {
		facts = append(facts, parts.Pair{Label: "Issued here", Value: parts.Count(cert.Issued, "certificate"), Href: views.IssuedPath(cert.ID)},
			parts.Pair{Label: "Issued to devices of users", Value: parts.Count(cert.Devices, "certificate"), Href: views.DevicesBy(cert.ID)})
	}
	return facts
}

// lastUsed tells when a client last logged in with a certificate, and where.
func lastUsed(l vpn.CertificateLogin, now time.Time) parts.Pair {
	fact := parts.Pair{Label: "Last used", Value: "Not yet"}
	if l.At.IsZero() {
		return fact
	}
	when := parts.At(now, l.At)
	fact.Value, fact.Help = when.Relative+" at an endpoint that was deleted", when.Exact
	if l.Endpoint.ID != "" {
		fact.Value, fact.Href = when.Relative+" at "+l.Endpoint.Label(), views.EndpointPath(l.Endpoint.ID)
	}
	return fact
}

// validFrom says why a certificate that was just issued is valid for longer.
func validFrom(cert vpn.Certificate, now time.Time) parts.Pair {
	fact := parts.FactTime("Valid from", parts.At(now, cert.NotBefore))
	if cert.Backdated() {
		fact.Help = "Dated back by one hour when it was issued, for hosts whose clock is slow."
	}
	return fact
}

// certificateActions are what can be done with a certificate: to refuse it, to renew it, and the rest.
func certificateActions(cert vpn.CertificateStatus, may bool) []parts.Action {
	download := parts.Action{Label: "Download certificate", Href: views.CertificatePath(cert.ID, "download"), File: true}
	var list []parts.Action
	if cert.Use == vpn.UseAuthority || cert.Authority != "" || cert.Chain != "" {
		list = append(list, parts.Action{Label: "Revocation list", Href: views.RevocationListPath(cert.ID, "")})
	}
	if !may {
		return append([]parts.Action{download}, list...)
	}
	out := append(refusalActions(cert), list...)
	if cert.CanRenew {
		label := "Renew"
		if revokedForGood(cert) {
			label = "Issue again with a new key"
		}
		out = append(out, parts.Action{Label: label, Href: views.CertificatePath(cert.ID, "renew")})
	}
	return append(out, download, parts.Action{Label: "Rename", Href: views.CertificatePath(cert.ID, "rename")},
		parts.Action{Label: "Delete certificate", Href: views.CertificatePath(cert.ID, "delete")})
}

// refusalActions revoke or block a certificate, or take that back. A certificate of an authority whose list is made here is revoked; one of
// another authority is blocked, or revoked where its list is made.
func refusalActions(cert vpn.CertificateStatus) []parts.Action {
	var out []parts.Action
	if cert.Use != vpn.UseAuthority && cert.Authority != "" && !revokedForGood(cert) {
		if cert.Revoked != nil {
			out = append(out, parts.Action{Label: "Remove from hold", Href: views.RevocationListPath(cert.ID, cert.Revoked.IssuerKey, "release", cert.Revoked.Serial)})
		}
		out = append(out, parts.Action{Label: "Revoke certificate", Href: views.CertificatePath(cert.ID, "revoke")})
	}
	switch {
	case cert.Blocked != nil:
		out = append(out, parts.Action{Label: "Unblock certificate", Href: views.BlockedPath(cert.Blocked.Fingerprint, "unblock")})
	case cert.Use == vpn.UseClient && !revokedForGood(cert):
		out = append(out, parts.Action{Label: "Block certificate", Href: views.CertificatePath(cert.ID, "block")})
	}
	return out
}

// fileOf leads to the configuration files that can have a client's certificate and key: what a client needs, in one file.
func fileOf(cert vpn.CertificateStatus, now time.Time) *views.ConfigurationFiles {
	if cert.Use != vpn.UseClient || !cert.HasKey || cert.Expired(now) || cert.Blocked != nil || cert.Revoked != nil {
		return nil
	}
	out := &views.ConfigurationFiles{}
	for _, e := range cert.AcceptedBy {
		label := "Get configuration file"
		if len(cert.AcceptedBy) > 1 {
			label += " for " + e.Label()
		}
		out.Buttons = append(out.Buttons, parts.Button{Label: label, Href: views.ConfigurationForPath(e.ID, cert.ID), Tone: "primary"})
	}
	return out
}

// keyOf describes the private key and what the account can do with it.
func keyOf(cert vpn.Certificate, may bool) views.Key {
	k := views.Key{Title: "Private key"}
	switch {
	case !cert.HasKey:
		k.Text = "The private key is not stored here."
	case cert.Use == vpn.UseAuthority:
		k.Text = "The private key is stored here, sealed. It can be exported, and forgotten here."
		if may {
			k.Link = parts.Button{Label: "Export and forget key", Href: views.CertificatePath(cert.ID, "forget-key")}
		}
	case cert.Use != vpn.UseClient:
		k.Text = "The private key is stored here, sealed. It cannot be downloaded."
	case cert.KeyTaken:
		k.Text = "The private key was downloaded. It can be downloaded here only once. The client configuration of an endpoint can still include it."
	case !may:
		k.Text = "The private key is stored here, sealed. An administrator can download it, once."
	default:
		k.Text = "For a client that is set up by hand, the certificate with its private key can be downloaded here once, as a PEM file. Keep the file safe: it cannot be downloaded here again. The download is recorded in the audit trail."
		k.Button = "Download certificate and key"
	}
	return k
}

// commonNameFact is the common name, and which other certificates have it: their holder is the same user to rules and lists.
func commonNameFact(cert vpn.CertificateStatus) parts.Pair {
	fact := parts.Fact("Common name (CN)", cert.CommonName)
	if cert.Namesakes > 0 {
		fact.Help = parts.Count(cert.Namesakes, "other client certificate") + " with this name can be used as well. Where one is lost, revoke or block it."
		fact.Href = "/certificates?use=client&q=" + url.QueryEscape(cert.CommonName)
	}
	return fact
}
