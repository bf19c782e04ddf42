package vpn

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ProfileDownload is a client configuration file that was handed out.
type ProfileDownload struct {
	Endpoint    EndpointID
	Revision    string        // of the profile, see Revision
	Certificate CertificateID // the client certificate in the file; empty: none
	By          string        // who downloaded it, as the audit trail shows it
	User        UserRef       // who fetched it in the self-service portal; zero: an administrator downloaded it
	At          time.Time
}

// ProfileOffer is the configuration file that the self-service portal offers of an endpoint.
type ProfileOffer struct {
	Endpoint  EndpointID
	Revision  string
	Since     time.Time // when the revision was first seen to be the endpoint's
	HandedOut int       // files of all revisions (guide, "CloudWatch metrics", SelfServicePortalClientConfigurationDownloads)
}

// Side is an endpoint before or after a change, with what its workers and its configuration files are made of.
type Side struct {
	Endpoint         Endpoint
	Server, ClientCA Certificate
	SecondCA         Certificate // zero where there is none
	Directory        Directory   // zero where the endpoint has none
	Remote           string      // the name that files have; empty where there is none
	Routes           []Route     // of the endpoint, where the change is one of them; otherwise none on both sides
}

// Profile is the configuration file of the endpoint without a client certificate.
func (s Side) Profile() Profile {
	return Profile{
		Endpoint: s.Endpoint.ID, Name: s.Endpoint.Name, Remote: s.Remote, Port: s.Endpoint.Listen.Port, Transport: s.Endpoint.Listen.Transport,
		CA: s.Server.Chain, ServerName: s.Server.CommonName, TLSCrypt: s.Endpoint.TLSCrypt,
		Password: s.Endpoint.AsksPassword(), Code: s.asksCode(), Browser: s.Endpoint.Federated(), Certificate: s.Endpoint.Mutual(),
	}
}

// asksCode tells whether the files have the client ask for a code.
func (s Side) asksCode() bool { return s.Endpoint.AsksPassword() && s.Directory.MFA }

// Revision names what a configuration file must agree with its endpoint in: a file works as long as the revision
// with which it was handed out is the endpoint's. It does not depend on the order of changes, so that files work
// again, and are known to, when a change is taken back.
func (s Side) Revision() string {
	sum := sha256.New()
	for _, p := range s.fileParts() {
		if p.aspect == AspectMFA && p.value == "" { // revisions of files from before there was MFA stay
			continue
		}
		fmt.Fprintf(sum, "%s %d\n%s\n", p.aspect, len(p.value), p.value)
	}
	return hex.EncodeToString(sum.Sum(nil)[:12])
}

// filePart is one thing that a file and its endpoint must agree in.
type filePart struct {
	aspect Aspect
	value  string
}

// fileParts are all of them, in a fixed order. The transport protocol and how users authenticate never change; the transport is a part so that the
// revision names all that a client goes by.
func (s Side) fileParts() []filePart {
	clients := ""
	if s.Endpoint.Mutual() {
		clients = trusted(s.ClientCA.TrustAnchor()) + " " + BareFingerprint(RequiredIssuer(s.ClientCA).Fingerprint)
	}
	return []filePart{
		{AspectRemote, s.Remote},
		{AspectPort, string(s.Endpoint.Listen.Transport) + " " + strconv.Itoa(int(s.Endpoint.Listen.Port))},
		{AspectServerAuthority, trusted(s.Server.Chain)},
		{AspectCommonName, s.Server.CommonName},
		{AspectClientAuthority, clients},
		{AspectKey, s.Endpoint.TLSCrypt.Reveal()},
		{AspectMFA, map[bool]string{true: "code"}[s.asksCode()]},
	}
}

// trusted names the roots among PEM certificates by subject and public key: OpenSSL accepts a chain that ends in a
// root of the same name and key, so a root that was renewed with its key makes no file useless, and neither does
// another intermediate authority. Where there is no root, every certificate counts.
func trusted(certificates string) string {
	var roots, all []string
	for rest := []byte(certificates); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		digest := func(b ...[]byte) string { return fmt.Sprintf("%x", sha256.Sum256(bytes.Join(b, []byte{0}))) }
		c, err := x509.ParseCertificate(block.Bytes)
		switch {
		case err != nil: // OpenSSL may take it all the same
			all = append(all, digest(block.Bytes))
		case bytes.Equal(c.RawIssuer, c.RawSubject):
			roots = append(roots, digest(c.RawSubject, c.RawSubjectPublicKeyInfo))
		default:
			all = append(all, digest(c.RawSubject, c.RawSubjectPublicKeyInfo))
		}
	}
	if len(roots) == 0 {
		roots = all
	}
	slices.Sort(roots)
	return strings.Join(slices.Compact(roots), " ")
}
