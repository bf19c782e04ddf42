package pki

import (
	"bytes"
	"cmp"
	"crypto/x509"
	"fmt"
	"slices"
	"strings"
	"time"

	"sallyport/vpn"
)

// What a search for a way to the root may cost, whatever was pasted.
const (
	maxGiven      = 100 // certificates in the chain box
	maxPath       = 10  // certificates from the certificate itself to its root
	maxSignatures = 200
	maxSteps      = 1000 // candidates that are looked at
)

// chainSearch looks for a way from a certificate to a root. A bundle may hold several certificates
// of one authority: expired and renewed, self-signed and cross-signed. Every candidate is tried, and
// OpenSSL's rules decide, because OpenVPN's peers verify with it.
type chainSearch struct {
	use   vpn.CertificateUse
	now   time.Time
	given []*x509.Certificate

	places     map[*x509.Certificate]place
	subjects   []string // of given, comparable
	verified   map[[2]*x509.Certificate]bool
	roots      map[*x509.Certificate]bool
	signatures int
	steps      int
	reason     string // the best that explains why there is no way
	depth      int    // of reason: how far the search had come
	weight     int    // of reason, among those of one depth
}

// The weights of reasons.
const (
	weighsMissing   = iota + 1 // no certificate of that name
	weighsNamesake             // one of that name with another key
	weighsUnfit                // the right one, and it may not be used
	weighsForbidden            // a whole way to a root that breaks a rule
)

// findChain gives the way from a certificate to a root, without the certificate itself, or the
// reason why there is none.
func findChain(cert *x509.Certificate, from []placed, use vpn.CertificateUse, now time.Time) ([]*x509.Certificate, string) {
	if len(from) > maxGiven {
		return nil, from[maxGiven].says(fmt.Sprintf("This holds %d certificates; at most %d are looked through. Leave only the issuers of this certificate, up to the root.", len(from), maxGiven))
	}
	given := bare(from)
	s := &chainSearch{use: use, now: now, given: given, places: map[*x509.Certificate]place{}, verified: map[[2]*x509.Certificate]bool{}, roots: map[*x509.Certificate]bool{}}
	for _, c := range from {
		s.places[c.Certificate] = c.place
		s.subjects = append(s.subjects, comparable(c.RawSubject))
	}
	if path := s.extend([]*x509.Certificate{cert}); path != nil {
		return path[1:], ""
	}
	if s.spent() {
		return nil, "The chain's certificates can be put together in too many ways. Leave only the issuers of this certificate, up to the root, each once."
	}
	return nil, s.reason
}

func (s *chainSearch) spent() bool { return s.steps > maxSteps || s.signatures > maxSignatures }

func (s *chainSearch) note(path []*x509.Certificate, weight int, reason string) {
	if len(path) > s.depth || len(path) == s.depth && weight > s.weight {
		s.reason, s.depth, s.weight = reason, len(path), weight
	}
}

// extend leads a path on to a root, or gives nil where no candidate does.
func (s *chainSearch) extend(path []*x509.Certificate) []*x509.Certificate {
	at := path[len(path)-1]
	if len(path) > 1 && s.isRoot(at) {
		if fault := pathFault(path, s.now); fault != "" {
			s.note(path, weighsForbidden, fault)
			return nil
		}
		return path
	}
	candidates := s.candidates(path)
	if len(candidates) == 0 {
		s.note(path, weighsMissing, s.places[at].says(missingIssuer(at, path[0])))
	}
	for _, candidate := range candidates {
		if s.steps++; s.spent() || len(path) > maxPath {
			return nil
		}
		if weight, fault := s.fault(path, candidate); fault != "" {
			s.note(path, weight, s.places[candidate].says(fault))
			continue
		}
		if found := s.extend(append(slices.Clone(path), candidate)); found != nil {
			return found
		}
	}
	return nil
}

// candidates are the certificates that may have issued the last of a path, by their names: the valid
// and self-signed ones first, the shortest way for every peer.
func (s *chainSearch) candidates(path []*x509.Certificate) []*x509.Certificate {
	at := path[len(path)-1]
	issuer := comparable(at.RawIssuer)
	var found []*x509.Certificate
	for i, c := range s.given {
		inPath := func(p *x509.Certificate) bool {
			return bytes.Equal(p.Raw, c.Raw) || bytes.Equal(p.RawSubjectPublicKeyInfo, c.RawSubjectPublicKeyInfo) && comparable(p.RawSubject) == s.subjects[i]
		}
		if s.subjects[i] == issuer && !slices.ContainsFunc(path, inPath) {
			found = append(found, c)
		}
	}
	rank := func(c *x509.Certificate) int {
		switch {
		case dateFault(c, s.now) != "" || identifierFault(at, c) != "":
			return 2
		case comparable(c.RawSubject) != comparable(c.RawIssuer):
			return 1
		}
		return 0
	}
	slices.SortStableFunc(found, func(a, b *x509.Certificate) int { return cmp.Compare(rank(a), rank(b)) })
	return found
}

// fault returns why a candidate cannot be the issuer of the last certificate of a path.
func (s *chainSearch) fault(path []*x509.Certificate, candidate *x509.Certificate) (int, string) {
	at := path[len(path)-1]
	name := nameOf(candidate.Subject.CommonName, candidate.Subject.String())
	if fault := keyFault(candidate); fault != "" { // before its signature costs time
		return weighsUnfit, "The chain's " + name + " cannot be used. " + fault
	}
	if at.SignatureAlgorithm == x509.UnknownSignatureAlgorithm {
		return weighsUnfit, ownerOf(at, path[0]) + " is signed with " + signatureName(at) + ", which is not supported. Have it issued again with SHA-256."
	}
	if !s.signed(at, candidate) {
		who := "this certificate"
		if at != path[0] {
			who = nameOf(at.Subject.CommonName, at.Subject.String())
		}
		return weighsNamesake, "The chain's " + name + " has the right name but did not sign " + who + ": it is another authority, or its key was renewed."
	}
	if fault := identifierFault(at, candidate); fault != "" {
		return weighsUnfit, fmt.Sprintf("The chain's %s has the right name and key, but %s names a certificate with %s as its issuer's, so OpenSSL refuses the pair. Paste the very certificate that issued it, or have it issued again.", name, ownerOf(at, path[0]), fault)
	}
	if dateFault(candidate, s.now) != "" {
		return weighsUnfit, "The chain's " + name + " is valid from " + day(candidate.NotBefore) + " to " + day(candidate.NotAfter) + " only."
	}
	if weakSignature(candidate) && !s.isRoot(candidate) { // a root's own signature proves nothing, and no program checks it
		return weighsUnfit, "The chain's " + name + " is signed with " + candidate.SignatureAlgorithm.String() + ", which can be forged."
	}
	if fault := issuerFaultOf(candidate, s.use); fault != "" {
		return weighsUnfit, "The chain does not verify: " + name + " " + fault
	}
	return 0, ""
}

func ownerOf(at, cert *x509.Certificate) string {
	if at == cert {
		return "this certificate"
	}
	return "the chain's " + nameOf(at.Subject.CommonName, at.Subject.String())
}

func (s *chainSearch) signed(child, parent *x509.Certificate) bool {
	pair := [2]*x509.Certificate{child, parent}
	known, ok := s.verified[pair]
	if !ok {
		s.signatures++
		known = !s.spent() && signedBy(child, parent)
		s.verified[pair] = known
	}
	return known
}

func (s *chainSearch) isRoot(c *x509.Certificate) bool {
	known, ok := s.roots[c]
	if !ok {
		s.signatures++
		known = selfSigned(c)
		s.roots[c] = known
	}
	return known
}

func signedBy(child, parent *x509.Certificate) bool {
	return parent.CheckSignature(child.SignatureAlgorithm, child.RawTBSCertificate, child.Signature) == nil || weakSignature(child)
}

func missingIssuer(at, cert *x509.Certificate) string {
	issuer := nameOf(at.Issuer.CommonName, at.Issuer.String())
	if at != cert {
		return "The chain ends at " + nameOf(at.Subject.CommonName, at.Subject.String()) + ", which " + issuer + " issued. Add the certificate of " + issuer + ", up to the self-signed root."
	}
	return "The chain does not belong to this certificate: it needs the certificate of " + issuer + "."
}

// pathFault judges a whole path, certificate first and root last: how long it may be, and which
// names its authorities may certify.
func pathFault(path []*x509.Certificate, now time.Time) string {
	below := 0 // authorities between the certificate and the one that is looked at
	for i, c := range path {
		name := nameOf(c.Subject.CommonName, c.Subject.String())
		if i > 0 && c.IsCA && c.MaxPathLen >= 0 && (c.MaxPathLen > 0 || c.MaxPathLenZero) && below > c.MaxPathLen {
			return fmt.Sprintf("The chain does not verify: %s may have %d authorities below it, and there are more (path length).", name, c.MaxPathLen)
		}
		if i > 0 && comparable(c.RawSubject) != comparable(c.RawIssuer) {
			below++
		}
		if fault := directoryFault(c, path[:i]); fault != "" {
			return "The chain does not verify: " + name + " " + fault
		}
	}
	return constraintFault(path, now)
}

// constraintFault has crypto/x509 judge the signatures and the name constraints. It gets copies
// without what was judged already by OpenSSL's rules, which differ from its own.
func constraintFault(path []*x509.Certificate, now time.Time) string {
	roots, between := x509.NewCertPool(), x509.NewCertPool()
	var leaf *x509.Certificate
	for i, c := range path {
		plain := *c
		plain.RawSubject, plain.RawIssuer = []byte(comparable(c.RawSubject)), []byte(comparable(c.RawIssuer))
		plain.UnhandledCriticalExtensions = nil
		plain.Policies, plain.PolicyMappings = nil, nil
		plain.RequireExplicitPolicy, plain.RequireExplicitPolicyZero = 0, false
		plain.InhibitPolicyMapping, plain.InhibitPolicyMappingZero, plain.InhibitAnyPolicy, plain.InhibitAnyPolicyZero = 0, false, 0, false
		if i > 0 {
			plain.BasicConstraintsValid, plain.IsCA, plain.MaxPathLen, plain.MaxPathLenZero = true, true, -1, false
		}
		switch i {
		case 0:
			leaf = &plain
		case len(path) - 1:
			roots.AddCert(&plain)
		default:
			between.AddCert(&plain)
		}
	}
	_, err := leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	if err != nil {
		return "The chain does not verify: an authority in it may not certify this certificate (" + strings.TrimPrefix(err.Error(), "x509: ") + ")."
	}
	return ""
}
