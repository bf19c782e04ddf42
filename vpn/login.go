package vpn

import (
	"crypto/sha256"
	"encoding/pem"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// LoginRequest is the question of a dataplane about a client that has proved its certificate and waits for admission.
// The answer is a LoginDecision; without an answer before Deadline the client is denied.
type LoginRequest struct {
	ID          string         `json:"id"` // names the waiting client at its node; opaque
	Endpoint    EndpointID     `json:"endpoint"`
	Device      netip.AddrPort `json:"device"`
	CommonName  string         `json:"common_name"` // empty where the endpoint needs no client certificates
	Serial      string         `json:"serial"`      // of the client certificate, decimal
	Fingerprint string         `json:"fingerprint"` // SHA-256 of it, hex
	Issuer      string         `json:"issuer"`      // SHA-256 of the certificate that it was verified with, hex
	Platform    string         `json:"platform"`    // client-controlled: shown, never decided upon
	Version     string         `json:"version"`     // likewise
	Deadline    time.Time      `json:"deadline"`    // an answer after it is ignored
	IssuerKey   string         `json:"-"`           // KeyDigest of that certificate, as Authorities.Verify sets it
	IssuerID    string         `json:"-"`           // CertificateNumber.IssuerID of the client certificate, likewise
	// Chain are the certificates above the client's own that it was verified with, up to the root.
	Chain []ChainCertificate `json:"chain,omitempty"`
	// Outdated tells that the client was verified with an authority that its endpoint trusts no more, as Authorities.Verify sets
	// it: the worker was not yet given the present ones.
	Outdated bool `json:"-"`
	// Above are those below the root, as Authorities.Verify sets them.
	Above []CertificateNumber `json:"-"`
	// Token names the token that the client has or, with the answer, gets. It is not the token, and proves nothing.
	Token string `json:"token,omitempty"`
	// Returns tells that the client has proved the token: it asks for another connection under its session.
	Returns bool `json:"returns,omitempty"`
	// Continues is a connection that a client with this certificate, and without a user name, had and is out of reach of: the
	// client without a token may be the same.
	Continues ConnectionID `json:"continues,omitempty"`
	// Username is what the client sent, where the endpoint asks for it.
	Username string `json:"username,omitempty"`
	// Password is what the client sent with it. It is empty where Returns is true. It crosses the socket of the dataplane
	// in wire.Login and is in no other text.
	Password Secret `json:"-"`
	// SSO are the ways of signing in that the client says it can (IV_SSO).
	SSO []string `json:"sso,omitempty"`
	// Pending tells that the client was told how its user signs in (LoginPending) and waits for that. The stream repeats
	// such a login to each web process that connects to it.
	Pending bool `json:"pending,omitempty"`
	// Answer is what the user entered at the client since it was told the last time (SSOCRText); the stream then has the login
	// once more. It crosses the socket in wire.Login and is in no other text.
	Answer Secret `json:"-"`
}

// LoginNews is what the stream of logins says: that a login waits, as it is now; or one of the others.
type LoginNews struct {
	LoginRequest
	// Gone tells that the login with this ID, which was pended, waits no longer: it was decided, or its client has left.
	Gone bool
	// All tells that the stream has had every login that waits: one that it did not have waits no longer. There is no login.
	All bool
}

// Refused is the login as a refused attempt.
func (r LoginRequest) Refused(code Code, reason string) RefusedAttempt {
	return RefusedAttempt{
		Endpoint: r.Endpoint, Device: r.Device, CommonName: PrintableText(r.CommonName), Username: PrintableText(r.Username), Code: code, Reason: reason, Reference: r.Reference(),
	}
}

// LoginDecision admits or denies a waiting client.
type LoginDecision struct {
	ID    string `json:"id"`
	Allow bool   `json:"allow"`
	// Set where Allow is true:
	Connection  ConnectionID  `json:"connection,omitempty"` // a new one, or the one that the client continues
	Session     SessionID     `json:"session,omitempty"`
	User        Identity      `json:"user"`
	Association AssociationID `json:"association,omitempty"` // empty lets the node choose
	Share       Share         `json:"share,omitzero"`        // of the client's certificate
	Ends        time.Time     `json:"ends"`                  // when the session reaches its maximum duration
	Started     time.Time     `json:"started,omitzero"`      // the session's login, where it is not this one
	// Addr is the client address that the session had, which the client gets where it is free: some clients cannot
	// give their device another one.
	Addr netip.Addr `json:"addr,omitzero"`
	// Replaces are connections whose clients are away, and which end for this one.
	Replaces []ConnectionID `json:"replaces,omitempty"`
	// Set where it is false:
	Code   Code   `json:"code,omitempty"`
	Reason string `json:"reason,omitempty"` // what the client shows its user, after the code
	Later  bool   `json:"later,omitempty"`  // the reason is of the moment: the client shall try again by itself
}

// Deny is the decision that refuses a waiting client. One that is Unavailable is for the moment.
func Deny(id string, refused *Error) LoginDecision {
	return LoginDecision{ID: id, Code: refused.Code, Reason: refused.Msg, Later: refused.Kind == Unavailable}
}

// referenceLength is short enough to be read out, and long enough to be found in a log.
const referenceLength = 6

// Reference names the login in the client's line, in the list of refused attempts and in the log.
func (r LoginRequest) Reference() string {
	return strings.ToLower(r.ID[:min(len(r.ID), referenceLength)])
}

// DenyWithReference is Deny, with the login's reference at the end of what the client shows.
func (r LoginRequest) DenyWithReference(refused *Error) LoginDecision {
	d := Deny(r.ID, refused)
	d.Reason += " [" + r.Reference() + "]"
	return d
}

// ClientText is a refusal as a client shows it to its user: the code, then the sentence.
func ClientText(code Code, sentence string) string {
	if code == "" {
		return sentence
	}
	return string(code) + ": " + sentence
}

// Issuer is the one authority whose certificates an endpoint takes, by the SHA-256 fingerprint of
// its own certificate; Key is the KeyDigest of that. The zero value takes those of every authority that OpenVPN accepts.
type Issuer struct{ Name, Fingerprint, Key string }

// unknownIssuer is the fingerprint of no certificate.
const unknownIssuer = "none"

// ownIssuer is the authority that issued a certificate, which stands first in the chain that it is
// kept with. Without a chain it is one that issued nothing.
func (c Certificate) ownIssuer() Issuer {
	i := Issuer{Name: c.Issuer, Fingerprint: unknownIssuer}
	if block, _ := pem.Decode([]byte(c.Chain)); block != nil {
		i.Fingerprint, i.Key = fmt.Sprintf("%x", sha256.Sum256(block.Bytes)), KeyDigest(block.Bytes)
	}
	return i
}

// ClientAuthorityKey is the KeyDigest of the authority whose clients an endpoint takes that has this certificate as its ClientCA.
func (c Certificate) ClientAuthorityKey() string {
	if c.Use == UseAuthority {
		return c.KeyDigest()
	}
	return c.ownIssuer().Key
}

// RequiredIssuer is the authority whose client certificates an endpoint with this ClientCA takes, where
// that is the issuer of a server's or client's certificate: OpenVPN has to be given the root above it,
// and would accept every authority below that root.
func RequiredIssuer(clientCA Certificate) Issuer {
	if clientCA.Use == UseAuthority {
		return Issuer{}
	}
	return clientCA.ownIssuer()
}

// issued tells whether the authority itself issued a client's certificate, and not another one
// below the same root. OpenVPN trusts roots only, and everything below them.
func (i Issuer) issued(r LoginRequest) bool {
	return i.Fingerprint == "" || BareFingerprint(i.Fingerprint) == BareFingerprint(r.Issuer)
}

// DecideLogin is the rule for a login: the endpoint takes connections; where it needs client certificates, the client's,
// which OpenVPN has verified against the endpoint's authority, was issued by one of issuers and is neither blocked nor revoked, and its common name
// can name a user; where users sign in, the user is proved, unless the client returns with a token
// (Session.Continue). The refusal says why not, nil lets the client in. It is Unavailable where nothing but the moment is
// against it: the endpoint has associations that are to stay, and none of them works, the identity provider does not answer, or
// the worker has an authority that the endpoint no longer trusts.
func DecideLogin(e Endpoint, state EndpointState, associations []Association, issuers Issuers, barred Barred, r LoginRequest, proof Proof) *Error {
	if refused := decideClient(e, state, associations, issuers, barred, r); refused != nil {
		return refused
	}
	if e.UserBased() && !r.Returns {
		if refused := proof.refuse(e, r); refused != nil {
			return refused
		}
	}
	return decideMoment(state)
}

// DecideBefore is DecideLogin without the user: what refuses a login before its person is sent to a browser.
func DecideBefore(e Endpoint, state EndpointState, associations []Association, issuers Issuers, barred Barred, r LoginRequest) *Error {
	if refused := decideClient(e, state, associations, issuers, barred, r); refused != nil {
		return refused
	}
	return decideMoment(state)
}

// decideClient is about the endpoint and the client's certificate.
func decideClient(e Endpoint, state EndpointState, associations []Association, issuers Issuers, barred Barred, r LoginRequest) *Error {
	byCertificate := e.Mutual() || !e.UserBased()
	switch {
	case e.Deleting || state == EndpointDeleting:
		return Refuse(Conflict, CodeEndpointUnavailable, "This VPN endpoint is being deleted.")
	case state != EndpointAvailable && !slices.ContainsFunc(associations, func(a Association) bool { return a.Removed == 0 }):
		return Refuse(Conflict, CodeEndpointUnavailable, "This VPN endpoint has no target network yet. Ask your administrator.")
	case byCertificate && barred.Refuse(r) != nil:
		return barred.Refuse(r)
	case byCertificate && r.Outdated:
		return Refuse(Unavailable, CodeEndpointUnavailable, "The client authorities of this VPN endpoint are being changed. Your client tries again.")
	case byCertificate && !issuers.issued(r):
		return Refuse(Denied, CodeCertificateUntrusted,
			"Your certificate was not issued by the authority "+issuers.names()+" itself, which this VPN endpoint requires. Ask your administrator for another certificate.")
	}
	if refused := commonNameFault(r.CommonName); refused != nil && byCertificate {
		return refused
	}
	return nil
}

// decideMoment is what only the moment is against.
func decideMoment(state EndpointState) *Error {
	if state != EndpointAvailable {
		return Refuse(Unavailable, CodeEndpointUnavailable, "The target network of this VPN endpoint is not ready. Your client tries again.")
	}
	return nil
}

// Identity is a VPN user, as proved by an identity source or a certificate. Provider and Key name the same user whatever
// was typed at a login, and at every endpoint. Journals of sessions have it by its field names.
type Identity struct {
	Provider ProviderID `json:",omitempty"` // empty: the certificate proved the user
	Key      string     `json:",omitempty"` // stays when the user is renamed (ProviderUser.Key); empty without Provider
	Name     string     // what lists call the user: the certificate's common name, a user name, an e-mail address
	Groups   []string   // IDs; at most MaxGroups are kept (guide, "Client VPN quotas")
	More     bool       `json:",omitempty"` // the user has more groups than these
	// Revision counts what changed of it since the session's login.
	Revision uint64 `json:",omitempty"`
}

// Identity is the user as one of a directory.
func (u ProviderUser) Identity(provider ProviderID) Identity {
	groups := u.Groups[:min(len(u.Groups), MaxGroups)]
	return Identity{
		Provider: provider, Key: u.Key, Name: u.Name, More: u.More || len(groups) < len(u.Groups),
		Groups: IDsOf(groups, func(g Group) string { return g.ID }),
	}
}
