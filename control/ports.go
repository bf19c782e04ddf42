package control

import (
	"context"
	"iter"
	"time"

	"sallyport/vpn"
)

// Dataplane is the node's root process as seen from here. Every method may fail with a
// *vpn.Error of kind Unavailable when it does not answer.
type Dataplane interface {
	Status(ctx context.Context) (vpn.NodeStatus, error)
	// Apply sends the whole desired state; Stale where the dataplane has a newer one.
	Apply(ctx context.Context, d vpn.Desired) error
	// Forget ends an endpoint: sessions, workers, rules. Idempotent.
	Forget(ctx context.Context, id vpn.EndpointID) error
	// Events yields what happened after the given event, then waits for more until ctx ends or
	// the connection breaks, which is the last thing it yields. An unknown epoch starts from the
	// oldest event that is kept.
	Events(ctx context.Context, epoch string, after uint64) iter.Seq2[vpn.Event, error]
	// Acknowledge lets the dataplane forget events up to and including seq.
	Acknowledge(ctx context.Context, epoch string, seq uint64) error
	// Logins yields the logins that wait for Decide, then each new one, until ctx ends or the
	// connection breaks, which is the last thing it yields. The next call yields those that still
	// wait again.
	Logins(ctx context.Context) iter.Seq2[vpn.LoginRequest, error]
	// Decide answers logins, each whatever becomes of the others. NotFound where a client no longer
	// waits.
	Decide(ctx context.Context, ds []vpn.LoginDecision) error
	// Terminate ends connections; those it does not know count as ended.
	Terminate(ctx context.Context, ids []vpn.ConnectionID, reason string) error
	// Connections gives every live connection with its counters of this moment.
	Connections(ctx context.Context) ([]vpn.LiveConnection, error)
}

// PKI makes and checks certificates and keys.
type PKI interface {
	NewAuthority(s vpn.CertificateSpec, now time.Time) (vpn.KeyPair, error)
	Issue(authority vpn.KeyPair, use vpn.CertificateUse, s vpn.CertificateSpec, now time.Time) (vpn.KeyPair, error)
	// CheckImport checks what a person pasted; the error has fields certificate, private_key and chain.
	CheckImport(use vpn.CertificateUse, p vpn.KeyPair, now time.Time) (vpn.KeyPair, error)
	Facts(certificate string) (vpn.CertificateFacts, error)
	// SameIssuer tells whether one authority issued two certificates, each given with its chain.
	SameIssuer(a, aChain, b, bChain string) bool
	// WithoutPrivateKeys is text that was pasted, without private keys.
	WithoutPrivateKeys(text string) string
	// PubliclyTrusted tells whether one of the PEM certificates is an authority that browsers trust.
	PubliclyTrusted(anchors string) bool
	StaticKey() vpn.Secret   // an OpenVPN static key for tls-crypt
	TokenSecret() vpn.Secret // an OpenVPN auth-token server key
}
