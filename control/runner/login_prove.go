package runner

import (
	"context"
	"errors"
	"time"

	"sallyport/control/identity"
	"sallyport/store"
	"sallyport/vpn"
)

// Prover proves users by their passwords.
type Prover interface {
	// Prove asks a directory. Errors: Denied and Throttled with the code of the reason; Unavailable where the directory
	// cannot say.
	Prove(ctx context.Context, r identity.ProofRequest) (vpn.Proof, error)
}

// login is a waiting login with what was proved of it.
type login struct {
	vpn.LoginRequest
	proof  vpn.Proof
	client *loginClient
	signIn vpn.BrowserSignInID // in a browser; empty: its endpoint does not ask for one
}

// proofMargin is how long before a login's deadline its proof is given up, so that the client is told in time.
const proofMargin = 5 * time.Second

var errDirectorySlow = vpn.Refuse(vpn.Unavailable, vpn.CodeDirectoryUnavailable, "The directory did not prove the user in time.")

// needsProof tells whether an identity provider may have to prove the user before the login is decided.
func needsProof(r vpn.LoginRequest) bool {
	return !r.Returns && (r.Username != "" || r.Password != "" || vpn.BrowserMethodOf(r.SSO) != "")
}

// prove has an identity provider prove a login, outside of any transaction and beside all other logins, and queues it. Others
// do not wait for it. The password is in no memory of ours afterwards.
func (d *decider) prove(ctx context.Context, r vpn.LoginRequest, client *loginClient) {
	l := login{LoginRequest: r, client: client}
	l.Password = ""
	e, err := d.endpointOf(ctx, r.Endpoint)
	switch {
	case err != nil && vpn.KindOf(err) != vpn.NotFound:
		d.core.Log.ErrorContext(ctx, "the endpoint of a login cannot be read", "endpoint", r.Endpoint, "err", errorChain(err))
	case e.Federated():
		if !d.proveInBrowser(ctx, e, &l) {
			return
		}
	case e.AsksPassword():
		l.proof = d.proofOf(ctx, e, r)
	}
	if ctx.Err() == nil {
		_ = d.enqueue(ctx, l) // the error is that of ctx: the program ends
	}
}

// proofOf has a directory prove the password of a login.
func (d *decider) proofOf(ctx context.Context, e vpn.Endpoint, r vpn.LoginRequest) vpn.Proof {
	ctx, cancel := context.WithDeadline(ctx, r.Deadline.Add(-proofMargin))
	defer cancel()
	done, err := d.takeTurn(ctx, e.Directory, r.Device.Addr())
	if err != nil {
		return vpn.Proof{Provider: e.Provider(), Refused: d.refusalOf(ctx, e, err)}
	}
	defer done()
	proof, err := d.prover.Prove(ctx, identity.ProofRequest{Directory: e.Directory, Username: r.Username, Password: r.Password, From: r.Device.Addr().Unmap(), Device: vpn.BareFingerprint(r.Fingerprint)})
	if err != nil {
		proof.Provider, proof.Refused = e.Provider(), d.refusalOf(ctx, e, err)
	}
	return proof
}

// endpointOf has of an endpoint what tells where its users sign in and how many may wait, which is chosen once, and is read once. The decision is by
// the endpoint as it is then.
func (d *decider) endpointOf(ctx context.Context, id vpn.EndpointID) (vpn.Endpoint, error) {
	if known, ok := d.endpoints.Load(id); ok {
		return known.(vpn.Endpoint), nil //nolint:forcetypeassert // it has no others
	}
	var e vpn.Endpoint
	err := d.core.Glance(ctx, func(tx *store.Tx) (err error) { e, err = tx.Endpoint(ctx, id); return err })
	if err != nil {
		return e, err
	}
	e = vpn.Endpoint{ID: e.ID, Directory: e.Directory, SAML: e.SAML, ClientCIDR: e.ClientCIDR}
	d.endpoints.Store(id, e)
	return e, nil
}

// refusalOf is the refusal of a login that was not proved.
func (d *decider) refusalOf(ctx context.Context, e vpn.Endpoint, err error) *vpn.Error {
	refused, ok := errors.AsType[*vpn.Error](err)
	switch {
	case ok && (refused.Kind == vpn.Denied || refused.Kind == vpn.Throttled):
	case ok && refused.Kind == vpn.Unavailable:
		d.core.Log.WarnContext(ctx, "a login could not be proved; its client tries again", "endpoint", e.ID, "provider", e.Provider(), "err", errorChain(err))
	default:
		d.core.Log.ErrorContext(ctx, "a login could not be proved; its client tries again", "endpoint", e.ID, "provider", e.Provider(), "err", errorChain(err))
		refused = errDirectorySlow.Because(err)
	}
	return refused
}
