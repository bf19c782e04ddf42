package control

import (
	"context"

	"sallyport/store"
	"sallyport/vpn"
)

// Side is an endpoint with what its workers and its configuration files are made of, under the settings of a
// deployment. A certificate that does not exist is left zero.
func (c *Core) Side(ctx context.Context, tx *store.Tx, d vpn.Deployment, e vpn.Endpoint) (vpn.Side, error) {
	certificates, err := tx.CertificatesByID(ctx, e.Certificate, e.ClientCA)
	remote, _ := d.RemoteName(e, c.Settings.FallbackAddress)
	return vpn.Side{Endpoint: e, Server: certificates[e.Certificate], ClientCA: certificates[e.ClientCA], Remote: remote}, err
}
