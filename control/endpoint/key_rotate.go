package endpoint

import (
	"context"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// AnnounceKeyRotation tells what RotateKey would do, and changes nothing.
func (s *Service) AnnounceKeyRotation(ctx context.Context, by control.Principal, id vpn.EndpointID) (vpn.Announcement, error) {
	return s.announce(ctx, by, vpn.RotateClientVpnEndpointKey, id, func(_ *store.Tx, e *vpn.Endpoint) error { return e.RotateKey(e.Version, s.pki.StaticKey()) })
}

// RotateKey replaces the tls-crypt key that every configuration file of the endpoint has: those that were handed out
// stop working. Field: confirm. Stale where another administrator saved after the page was opened; ErrUnannounced
// where the administrator was told something else than what it does.
func (s *Service) RotateKey(ctx context.Context, by control.Principal, id vpn.EndpointID, version int, consent vpn.Consent) (EditResult, error) {
	var out EditResult
	err := s.changeEndpoint(ctx, by, vpn.RotateClientVpnEndpointKey, id, func(tx *store.Tx, e *vpn.Endpoint, a *vpn.AuditRecord) (err error) {
		if out.Did, err = s.apply(ctx, tx, e, func(_ *store.Tx, e *vpn.Endpoint) error { return e.RotateKey(version, s.pki.StaticKey()) }); err != nil {
			return err
		}
		out.Endpoint, a.After = *e, control.Describe(out.Did.Reach)
		return out.Did.Check(consent)
	})
	return out, err
}
