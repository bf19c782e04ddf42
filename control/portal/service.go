// Package portal holds the use cases of the self-service portal: users of endpoints sign in there and fetch the configuration
// files of the endpoints that accept them (guide, "Access the self-service portal").
package portal

import (
	"cmp"
	"context"
	"net/netip"
	"net/url"

	"sallyport/control"
	"sallyport/control/endpoint"
	"sallyport/control/identity"
	"sallyport/control/turn"
	"sallyport/store"
	"sallyport/vpn"
)

// Prover proves users by their passwords.
type Prover interface {
	// Prove asks a directory. Errors: Denied and Throttled with the code of the reason; Unavailable where the directory
	// cannot say.
	Prove(ctx context.Context, r identity.ProofRequest) (vpn.Proof, error)
	// ProveCode judges a code of a user who is signed in.
	ProveCode(ctx context.Context, r identity.ProofRequest, userKey, typed string, recovery bool) (vpn.MFACode, error)
}

// Providers are the SAML identity providers. NotFound where there is no such provider.
type Providers interface {
	// RequestSAML makes a request, which redirectURL carries to the identity provider together with relayState.
	RequestSAML(ctx context.Context, id vpn.SAMLProviderID, relayState string) (requestID, redirectURL string, err error)
	// AcceptSAML verifies an answer to a request. Denied, with the code of the reason, where the answer proves no user.
	AcceptSAML(ctx context.Context, id vpn.SAMLProviderID, form url.Values, requestID string) (answer vpn.SAMLAnswer, version int, err error)
}

// Files renders configuration files.
type Files interface {
	PlainFile(ctx context.Context, id vpn.EndpointID, commandLine bool) (file endpoint.Configuration, revision string, err error)
}

// Config is what the use cases need. Every field is required.
type Config struct {
	Core      *control.Core
	Prover    Prover
	Providers Providers
	Files     Files
}

// Service is the use cases of the self-service portal.
type Service struct {
	Config
	core    *control.Core
	proofs  turn.Sources // of the sign-ins at directories
	begins  *turn.Rates  // of the sign-ins at SAML providers, by network
	signIns *turn.Rates  // of the sign-ins at directories that were right, by user
	fetches *turn.Rates  // of configuration files, by user
	reports *turn.Rates  // of sign-ins that were not the user's, by user
}

// rateKey names a user to turn.Rates.
func rateKey(provider vpn.ProviderID, key string) string { return string(provider) + "|" + key }

// New makes the use cases.
func New(c Config) *Service {
	return &Service{
		Config: c, core: c.Core, proofs: turn.Sources{OfOne: proofsOfSource, OfAll: proofsOfAll},
		begins: turn.NewRates(c.Core.Now), signIns: turn.NewRates(c.Core.Now), fetches: turn.NewRates(c.Core.Now), reports: turn.NewRates(c.Core.Now),
	}
}

// Visitor is a browser without a session.
type Visitor struct {
	Addr    netip.Addr
	Request string // request ID
}

// Door is where users of an endpoint sign in.
type Door struct {
	Endpoint vpn.EndpointID
	Provider vpn.ProviderID
	SAML     vpn.SAMLProviderID // where they sign in in the browser; empty: with a password
	Label    string             // what lists call the SAML provider
	Code     bool               // an MFA code is asked for besides the password
	asks     vpn.DirectoryID
}

// Door finds where users of an endpoint sign in. vpn.ErrPortalClosed, whatever the reason, where they cannot.
func (s *Service) Door(ctx context.Context, id vpn.EndpointID) (Door, error) {
	var d Door
	err := s.core.View(ctx, func(tx *store.Tx) error {
		found, err := tx.EndpointsByID(ctx, id)
		if err != nil {
			return err
		}
		e := found[id]
		if !e.PortalOpen() {
			return vpn.ErrPortalClosed
		}
		d = Door{Endpoint: id, Provider: e.PortalProvider()}
		if e.AsksPassword() {
			directory, err := tx.Directory(ctx, e.Directory)
			d.asks, d.Code = e.Directory, directory.MFA
			return err
		}
		d.SAML = vpn.SAMLProviderID(d.Provider)
		provider, err := tx.SAMLProvider(ctx, d.SAML)
		d.Label = cmp.Or(provider.Name, string(provider.ID))
		return err
	})
	if err != nil {
		return Door{}, err
	}
	return d, nil
}
