package certificate

import (
	"net/http"
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
	if cert.CanRenew {
		v.Renew = "Renew"
		if revokedForGood(cert) {
			v.Renew = "Issue again with a new key"
		}
	}
	if cert.CanIssue(h.pages.Now()) {
		v.Issue = "/certificates/issue?authority=" + string(cert.ID)
	}
	v.Lists = listButtons(cert)
	switch {
	case cert.Blocked != nil:
		v.Block = parts.Button{Label: "Unblock certificate", Href: views.BlockedPath(cert.Blocked.Fingerprint, "unblock")}
	case revokedForGood(cert):
	case cert.Use == vpn.UseClient:
		v.Block = parts.Button{Label: "Block certificate", Href: views.CertificatePath(cert.ID, "block")}
	}
	if v.Block.Label == "Block certificate" && len(v.Lists) > 1 {
		v.Header.Note = "Revoke it where it shall never be valid again: it stands on the revocation list, which others read too. Block it to refuse it here alone, until you unblock it."
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
		parts.Fact("Common name (CN)", cert.CommonName),
	}
	if len(cert.DNSNames) > 0 {
		facts = append(facts, parts.Fact("DNS names", strings.Join(cert.DNSNames, ", ")))
	}
	facts = append(facts, issuer)
	facts = append(facts, chainFacts(cert.Certificate)...)
	facts = append(facts,
		parts.Fact("Key type", cert.KeyType),
		parts.FactTime("Valid from", parts.At(now, cert.NotBefore)),
		parts.Pair{Label: "Expires", Value: cert.NotAfter.UTC().Format("2 January 2006, 15:04 UTC"), Help: parts.At(now, cert.NotAfter).Relative},
		parts.Pair{Label: "Serial number", Value: cert.Serial, Mono: true},
		parts.Pair{Label: "SHA-256 fingerprint", Value: cert.Fingerprint, Copy: true},
		views.FactEndpoints("Used by", cert.UsedBy),
	)
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

// listButtons lead to the revocation list of a certificate's authority, and revoke the certificate. A certificate of an authority whose
// list is made here is revoked; one of another authority is blocked, or revoked where its list is made.
func listButtons(cert vpn.CertificateStatus) []parts.Button {
	list := parts.Button{Label: "Revocation list", Href: views.RevocationListPath(cert.ID, "")}
	switch {
	case cert.Use == vpn.UseAuthority, cert.Chain != "" && cert.Authority == "":
		return []parts.Button{list}
	case cert.Authority == "":
		return nil
	case cert.Revoked == nil:
		return []parts.Button{{Label: "Revoke certificate", Href: views.CertificatePath(cert.ID, "revoke")}, list}
	case cert.Revoked.Hold():
		return []parts.Button{{Label: "Remove from hold", Href: views.RevocationListPath(cert.ID, cert.Revoked.IssuerKey, "release", cert.Revoked.Serial)},
			{Label: "Revoke certificate", Href: views.CertificatePath(cert.ID, "revoke")}, list}
	default:
		return []parts.Button{list}
	}
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
