package vpn

// A client authority of an endpoint is replaced by trusting the new one beside it for a while (ADR 20).

// ClientAuthorities are the one or two authorities of the endpoint's client certificates; none where it is not Mutual.
func (e Endpoint) ClientAuthorities() []CertificateID {
	var out []CertificateID
	for _, id := range []CertificateID{e.ClientCA, e.SecondCA} {
		if id != "" {
			out = append(out, id)
		}
	}
	return out
}

// Trust has an endpoint take client certificates of a second authority.
func (e *Endpoint) Trust(version int, ca CertificateID) error {
	var c Check
	switch {
	case e.Deleting:
		return ErrEndpointDeleting(e.ID)
	case version != e.Version:
		return ErrStale("endpoint")
	case !e.Mutual():
		return Refuse(Conflict, CodeIncorrectState, "Clients of this endpoint need no certificate: users sign in at an identity provider.")
	case e.SecondCA != "":
		return Refuse(Conflict, CodeIncorrectState, "The endpoint trusts two client authorities already. Remove one of them first.")
	case ca == "":
		c.Bad("client_ca", "Choose the authority whose client certificates are taken as well.")
	case ca == e.ClientCA:
		c.Bad("client_ca", "The endpoint trusts this authority already.")
	default:
		e.SecondCA = ca
		e.Generation++
		e.Version++
	}
	return c.Err()
}

// Distrust has an endpoint take no more certificates of one of its two client authorities. The other one is its client authority
// then.
func (e *Endpoint) Distrust(version int, ca CertificateID) error {
	switch {
	case e.Deleting:
		return ErrEndpointDeleting(e.ID)
	case version != e.Version:
		return ErrStale("endpoint")
	case e.SecondCA == "" || ca != e.ClientCA && ca != e.SecondCA:
		return Refuse(Conflict, CodeIncorrectState, "The endpoint has one client authority, and needs it. Add the next one first.")
	case ca == e.ClientCA:
		e.ClientCA = e.SecondCA
	}
	e.SecondCA = ""
	e.Generation++
	e.Version++
	return nil
}

// CheckSecondAuthority checks the second client authority of an endpoint. Field: client_ca.
func (e Endpoint) CheckSecondAuthority(first, second Certificate) error {
	var c Check
	if key := AuthorityKey(second); key != "" && key == AuthorityKey(first) {
		c.Bad("client_ca", second.Label()+" stands for the authority that the endpoint trusts already: it has the same key.")
	}
	return c.Err()
}

// clientAnchors is what OpenVPN verifies clients with.
func (s Side) clientAnchors() string { return s.ClientCA.TrustAnchor() + s.SecondCA.TrustAnchor() }

// AuthorityKey is the KeyDigest of the authority that a client authority of an endpoint stands for.
func AuthorityKey(ca Certificate) string {
	if ca.Use == UseAuthority {
		return ca.KeyDigest()
	}
	return ca.IssuerKey()
}

// Issuers are the authorities whose client certificates an endpoint takes. None: it takes those that OpenVPN verifies.
type Issuers []Issuer

// RequiredIssuers are those of an endpoint with one or two client authorities. Where one of two is an authority that stands for itself
// and the other one is not, it takes those that it issued itself: others below its root cannot be told from others below
// the other root.
func RequiredIssuers(cas ...Certificate) Issuers {
	var out Issuers
	own := 0
	for _, ca := range cas {
		issuer := RequiredIssuer(ca)
		if issuer.Fingerprint == "" {
			issuer = Issuer{Name: ca.CommonName, Fingerprint: BareFingerprint(ca.Fingerprint), Key: ca.KeyDigest()}
			own++
		}
		out = append(out, issuer)
	}
	if own == len(cas) {
		return nil
	}
	return out
}

// issued tells whether one of the authorities itself issued a client's certificate.
func (is Issuers) issued(r LoginRequest) bool {
	for _, i := range is {
		if i.issued(r) {
			return true
		}
	}
	return len(is) == 0
}

// names are the authorities in a sentence.
func (is Issuers) names() string {
	text := ""
	for n, i := range is {
		if n > 0 {
			text += " or "
		}
		text += PrintableText(i.Name)
	}
	return text
}
