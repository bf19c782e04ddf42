package control

import (
	"context"

	"sallyport/store"
	"sallyport/vpn"
)

// Side is an endpoint with what its workers and its configuration files are made of, under the settings of a
// deployment. A certificate or directory that does not exist is left zero.
func (c *Core) Side(ctx context.Context, tx *store.Tx, d vpn.Deployment, e vpn.Endpoint) (vpn.Side, error) {
	side := vpn.Side{Endpoint: e}
	side.Remote, _ = d.RemoteName(e, c.Settings.FallbackAddress)
	certificates, err := tx.CertificatesByID(ctx, e.Certificate, e.ClientCA, e.SecondCA)
	if err != nil {
		return side, err
	}
	side.Server, side.ClientCA, side.SecondCA = certificates[e.Certificate], certificates[e.ClientCA], certificates[e.SecondCA]
	if e.AsksPassword() {
		side.Directory, err = tx.Directory(ctx, e.Directory)
	}
	return side, err
}
