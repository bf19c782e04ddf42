package pki

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"
	"time"
	"unicode/utf8"

	"sallyport/vpn"
)

const (
	fieldList = "crl"
	labelList = "X509 CRL"
	// listSkew is how far the clock of an authority may be ahead of this host's.
	listSkew = 5 * time.Minute
)

// CheckRevocationList judges a certificate revocation list that a person pasted or chose, in PEM or DER form: one of the
// authorities signed it, and it is whole and valid at now. It has at most limit entries. The error is an Invalid *vpn.Error with the
// field crl. The authorities are PEM texts.
func (Maker) CheckRevocationList(text, authorities string, limit int, now time.Time) (vpn.SignedRevocationList, error) {
	der, fault := listIn(text)
	if fault != "" {
		return vpn.SignedRevocationList{}, refuse(fieldList, fault)
	}
	l, fault := readList(der, limit)
	if fault != "" {
		return vpn.SignedRevocationList{}, refuse(fieldList, fault)
	}
	signer, fault := l.signer(authorities)
	if fault == "" {
		fault = l.dateFault(now)
	}
	if fault != "" {
		return vpn.SignedRevocationList{}, refuse(fieldList, fault)
	}
	out := vpn.SignedRevocationList{DER: der, Entries: l.entries, List: vpn.RevocationList{
		IssuerKey: vpn.KeyDigest(signer.Raw), KeyIDs: vpn.KeyIdentifiers(signer.Raw), Authority: nameOf(signer.Subject.CommonName, signer.Subject.String()),
		Fingerprint: vpn.BareFingerprint(fingerprint(signer.Raw)), SelfSigned: selfSigned(signer),
		ThisUpdate: l.thisUpdate, NextUpdate: l.nextUpdate, Entries: len(l.entries),
	}}
	if l.number != nil {
		out.List.Number = l.number.String()
	}
	for i := range out.Entries {
		out.Entries[i].IssuerKey = out.List.IssuerKey
	}
	return out, nil
}

// EncodeRevocationList is a list in PEM.
func (Maker) EncodeRevocationList(der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: labelList, Bytes: der}))
}

// listIn finds the list in what was pasted.
func listIn(text string) (der []byte, fault string) {
	const wanted = "a certificate revocation list"
	if strings.TrimSpace(text) == "" {
		return nil, "Paste the certificate revocation list in PEM form, or choose its file."
	}
	if raw := []byte(text); !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
		switch label := labelOf(raw); {
		case label == labelList, len(raw) > 2 && raw[0] == 0x30 && label == "":
			return raw, ""
		case label != "":
			return nil, isNot(label, wanted)
		}
	}
	blocks, fault := splitBlocks(plainText(text))
	if fault != "" {
		return nil, fault
	}
	for _, b := range blocks {
		switch {
		case b.Type == labelList && der != nil:
			return nil, b.says("This holds more than one certificate revocation list. Import the newest one of the authority alone.")
		case b.Type == labelList:
			der = b.Bytes
		}
	}
	switch {
	case der != nil:
		return der, ""
	case len(blocks) > 0:
		return nil, blocks[0].says(isNot(blocks[0].Type, wanted))
	}
	return nil, "This is no certificate revocation list: there is no line -----BEGIN X509 CRL-----, and it is no file in DER form."
}

// signer is the one of the authorities that signed the list.
func (l *signedList) signer(authorities string) (*x509.Certificate, string) {
	certs, fault := readCertificates(authorities)
	if fault != "" {
		return nil, "The authority of this endpoint cannot be read: " + fault
	}
	algorithm, fault := l.algorithm()
	if fault != "" {
		return nil, fault
	}
	reason := "The list is of another authority: it was issued by " + nameIn(l.issuer) + ", and not by " + nameOf(certs[0].Subject.CommonName, certs[0].Subject.String()) + "."
	for _, c := range certs {
		if comparable(c.RawSubject) != comparable(l.issuer) {
			continue
		}
		name := nameOf(c.Subject.CommonName, c.Subject.String())
		_, limited := extension(c, oidKeyUsage)
		switch {
		case limited && c.KeyUsage&x509.KeyUsageCRLSign == 0:
			reason = "The authority " + name + " may not sign revocation lists: its key usage does not name CRL signing, so that OpenSSL refuses the list as well."
		case c.CheckSignature(algorithm, l.tbs, l.signature) != nil:
			reason = "The list's signature is not that of the authority " + name + ": the list was changed on its way, or signed with another key of that name."
		default:
			return c, ""
		}
	}
	return nil, reason
}

func (l *signedList) dateFault(now time.Time) string {
	switch {
	case l.nextUpdate.IsZero():
		return "The list does not say when the next one comes (nextUpdate), which RFC 5280 requires: it would never expire. Make it again, with openssl ca -gencrl -crldays 30 or easyrsa gen-crl."
	case !l.nextUpdate.After(l.thisUpdate):
		return "The list ends (nextUpdate) before it begins (thisUpdate)."
	case l.thisUpdate.After(now.Add(listSkew)):
		return "The list is of " + moment(l.thisUpdate) + ", which is in the future. Check the clocks of its authority and of this host."
	case !now.Before(l.nextUpdate):
		return "The list expired on " + moment(l.nextUpdate) + ". With an expired list no client with a certificate of this authority connects. Make a new one, for example with easyrsa gen-crl."
	}
	return ""
}

func moment(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04 UTC") }

// SignRevocationList makes the list of an authority whose key is given. The list's number and times are those of l. The
// error is of kind Conflict where the authority may not sign lists.
func (Maker) SignRevocationList(authority vpn.KeyPair, l vpn.RevocationList, entries []vpn.Revocation) (vpn.SignedRevocationList, error) {
	out := vpn.SignedRevocationList{List: l, Entries: entries}
	issuer, key, err := openAuthority(authority)
	if err != nil {
		return out, err
	}
	as := *issuer
	name := nameOf(as.Subject.CommonName, as.Subject.String())
	if _, limited := extension(issuer, oidKeyUsage); limited && issuer.KeyUsage&x509.KeyUsageCRLSign == 0 {
		return out, vpn.Refuse(vpn.Conflict, vpn.CodeIncorrectState, "The authority "+name+" may not sign revocation lists: its key usage does not name CRL signing.")
	}
	as.KeyUsage |= x509.KeyUsageCRLSign // absent, it restricts nothing
	if len(as.SubjectKeyId) == 0 {
		as.SubjectKeyId = keyIDOf(issuer)
	}
	template := &x509.RevocationList{ThisUpdate: l.ThisUpdate, NextUpdate: l.NextUpdate, Number: new(big.Int)}
	if _, ok := template.Number.SetString(l.Number, 10); !ok {
		return out, fmt.Errorf("list number %q of authority %q is no number", l.Number, name)
	}
	for _, r := range entries {
		serial, ok := new(big.Int).SetString(r.Serial, 10)
		if !ok {
			return out, fmt.Errorf("serial number %q of authority %q is no number", r.Serial, name)
		}
		template.RevokedCertificateEntries = append(template.RevokedCertificateEntries, x509.RevocationListEntry{SerialNumber: serial, RevocationTime: r.At, ReasonCode: r.Reason.Number()})
	}
	if out.DER, err = createList(template, &as, key); err != nil {
		return out, fmt.Errorf("sign the list of authority %q: %w", name, err)
	}
	out.List.KeyIDs = vpn.KeyIdentifiers(issuer.Raw)
	out.List.Authority, out.List.Fingerprint, out.List.SelfSigned = name, vpn.BareFingerprint(fingerprint(issuer.Raw)), selfSigned(issuer)
	out.List.Entries, out.List.Unsigned = len(entries), false
	return out, nil
}

// CheckAuthorityKey tells whether a private key that was pasted is that of an authority, and gives it in the form in which it is
// used. The error is an Invalid *vpn.Error with the field private_key.
func (Maker) CheckAuthorityKey(certificate, text string) (vpn.Secret, error) {
	certs, fault := readCertificates(certificate)
	if fault != "" {
		return "", fmt.Errorf("read authority: %s", fault)
	}
	key, fault := readKey(text)
	if fault == "" && !sameKey(certs[0].PublicKey, key) {
		fault = "This is not the private key of this authority."
	}
	if fault != "" {
		return "", refuse(fieldKey, fault)
	}
	return encodeKey(key)
}
