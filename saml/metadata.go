package saml

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/beevik/etree"
	crewjam "github.com/crewjam/saml"

	"sallyport/vpn"
)

// Limits of metadata.
const (
	maxEntityID     = 1024 // characters (SAML)
	maxSignInURL    = 2048
	maxCertificates = 10
	minRSABits      = 2048
)

// identityProvider is what metadata says, with the certificates themselves.
type identityProvider struct {
	vpn.SAMLMetadata
	certificates []*x509.Certificate
}

// ReadMetadata reads the metadata document of an identity provider. Whether it has ended is not judged. Errors: Invalid, with
// a sentence beside the field metadata.
func ReadMetadata(raw []byte) (vpn.SAMLMetadata, error) {
	p, err := readIDP(raw)
	return p.SAMLMetadata, err
}

// readIDP reads a metadata document.
func readIDP(raw []byte) (identityProvider, error) {
	p, sentence := metadataOf(raw)
	if sentence != "" {
		var c vpn.Check
		c.Bad("metadata", sentence)
		return identityProvider{}, c.Err()
	}
	return p, nil
}

// metadataOf reads a document, or says in a sentence why it cannot.
func metadataOf(raw []byte) (p identityProvider, sentence string) {
	if len(raw) > vpn.MaxSAMLMetadata {
		return p, fmt.Sprintf("The metadata has %d KB; at most %d KB are read. Upload the document of the one IdP, not that of a federation.", (len(raw)+1023)>>10, vpn.MaxSAMLMetadata>>10)
	}
	raw = bytes.TrimSpace(bytes.TrimPrefix(raw, byteOrderMark))
	if len(raw) == 0 {
		return p, "Upload the metadata of the identity provider."
	}
	if kind := markup(raw, true); kind != "" {
		return p, "The metadata has " + kind + ", which is not read."
	}
	root, err := parse(raw)
	if err != nil {
		return p, fmt.Sprintf("The metadata is no XML document (%s).", shown(err.Error()))
	}
	entity, role, ends, sentence := findIDP(root)
	if sentence != "" {
		return p, sentence
	}
	p.EntityID = attribute(entity, "entityID")
	if n := utf8.RuneCountInString(p.EntityID); n == 0 || n > maxEntityID || !printable(p.EntityID) {
		return p, fmt.Sprintf("The entity ID of the metadata is empty, longer than %d characters, or no printable text.", maxEntityID)
	}
	if p.ValidUntil, sentence = earliest(ends); sentence != "" {
		return p, sentence
	}
	wants := strings.TrimSpace(attribute(role, "WantAuthnRequestsSigned"))
	p.WantsSigned = wants == "true" || wants == "1"
	if p.SignInURL, sentence = signInURL(role); sentence != "" {
		return p, sentence
	}
	if p.certificates, sentence = signingCertificates(role); sentence != "" {
		return p, sentence
	}
	for _, c := range p.certificates {
		p.Certificates = append(p.Certificates, describe(c))
	}
	return p, ""
}

// findIDP finds the one identity provider of a document: its entity, its role and all ends that apply to it.
func findIDP(root *etree.Element) (entity, role *etree.Element, ends []string, sentence string) {
	found := 0
	var walk func(e *etree.Element, above []string)
	walk = func(e *etree.Element, above []string) {
		above = append(slices.Clone(above), attribute(e, "validUntil"))
		if is(e, nsMetadata, "EntitiesDescriptor") {
			for _, inner := range e.ChildElements() {
				walk(inner, above)
			}
			return
		}
		if !is(e, nsMetadata, "EntityDescriptor") {
			return
		}
		for _, r := range children(e, nsMetadata, "IDPSSODescriptor") {
			if slices.Contains(strings.Fields(attribute(r, "protocolSupportEnumeration")), nsProtocol) {
				found++
				entity, role, ends = e, r, append(slices.Clone(above), attribute(r, "validUntil"))
			}
		}
	}
	walk(root, nil)
	switch {
	case found == 0 && len(root.FindElements("//SPSSODescriptor")) > 0:
		return nil, nil, nil, "The metadata is that of a service, not of an identity provider: it has no IDPSSODescriptor for SAML 2.0."
	case found == 0:
		return nil, nil, nil, "The document is no metadata of a SAML 2.0 identity provider: it has no EntityDescriptor with an IDPSSODescriptor."
	case found > 1:
		return nil, nil, nil, fmt.Sprintf("The metadata has %d identity providers. Upload the document of the one whose users sign in.", found)
	}
	return entity, role, ends, ""
}

// earliest is the first of the ends that are set.
func earliest(ends []string) (first time.Time, sentence string) {
	for _, value := range ends {
		if value == "" {
			continue
		}
		at, err := readTime(value)
		if err != nil {
			return first, "validUntil of the metadata is no time: " + shown(value) + "."
		}
		if first.IsZero() || at.Before(first) {
			first = at
		}
	}
	return first, ""
}

// signInURL is where requests go.
func signInURL(role *etree.Element) (string, string) {
	for _, e := range children(role, nsMetadata, "SingleSignOnService") {
		if attribute(e, "Binding") != crewjam.HTTPRedirectBinding {
			continue
		}
		location := attribute(e, "Location")
		u, err := url.Parse(location)
		switch {
		case err != nil || u.Host == "" || u.User != nil || u.Fragment != "" || len(location) > maxSignInURL || !printable(location):
			return "", "The sign-in URL of the metadata is not one that a browser can open: " + shown(location) + "."
		case u.Scheme == "https" || u.Scheme == "http" && loopback(u.Hostname()):
			return location, ""
		}
		return "", "The sign-in URL of the metadata must begin with https: " + shown(location) + "."
	}
	return "", "The IdP has no single sign-on service with the binding HTTP-Redirect, which sign-ins use. Switch it on at the IdP."
}

func loopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

// signingCertificates are those that may sign answers.
func signingCertificates(role *etree.Element) (out []*x509.Certificate, sentence string) {
	for _, key := range children(role, nsMetadata, "KeyDescriptor") {
		if use := attribute(key, "use"); use != "" && use != "signing" {
			continue
		}
		for _, e := range key.FindElements(".//X509Certificate") {
			if !is(e, nsSignature, "X509Certificate") {
				continue
			}
			der, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text(e)), ""))
			if err != nil {
				return nil, "A signing certificate of the metadata is not base64."
			}
			c, err := x509.ParseCertificate(der)
			if err != nil {
				return nil, fmt.Sprintf("A signing certificate of the metadata cannot be read (%s).", shown(err.Error()))
			}
			if sentence := keyFault(c); sentence != "" {
				return nil, sentence
			}
			if !slices.ContainsFunc(out, c.Equal) {
				out = append(out, c)
			}
		}
	}
	switch {
	case len(out) == 0:
		return nil, "The metadata has no signing certificate (KeyDescriptor with an X509Certificate)."
	case len(out) > maxCertificates:
		return nil, fmt.Sprintf("The metadata has %d signing certificates; at most %d are possible.", len(out), maxCertificates)
	}
	return out, ""
}

// keyFault says why a certificate's key cannot verify answers, or "".
func keyFault(c *x509.Certificate) string {
	switch key := c.PublicKey.(type) {
	case *rsa.PublicKey:
		if bits := key.N.BitLen(); bits < minRSABits {
			return fmt.Sprintf("The signing certificate %s has an RSA key of %d bits; at least %d are needed.", shown(describe(c).Subject), bits, minRSABits)
		}
	case *ecdsa.PublicKey:
	default:
		return fmt.Sprintf("The signing certificate %s has neither an RSA nor an ECDSA key.", shown(describe(c).Subject))
	}
	return ""
}
