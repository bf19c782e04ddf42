package control

import (
	"context"

	"sallyport/store"
	"sallyport/vpn"
)

// Settings are what the configuration and the host say of the deployment.
type Settings struct {
	Given                map[string]vpn.GivenSetting // of the deployment-wide settings, by key
	Start                []vpn.StartSetting          // what only the configuration sets
	PublicURL            string                      // base of the public pages, for VPN clients, users and identity providers; "" where they are not served
	PublicOff            string                      // why they are not served, in a sentence
	PublicOwnCertificate bool                        // theirs is self-signed
	FallbackAddress      string                      // this host's own address, for profiles while no name is set
	Version              string
	Reserved             []vpn.Reservation // ports of this host that no endpoint may have
}

// Deployment gives the deployment-wide settings that are in force.
func (c *Core) Deployment(ctx context.Context, tx *store.Tx) (vpn.Deployment, error) {
	saved, err := tx.Settings(ctx)
	if err != nil {
		return vpn.Deployment{}, err
	}
	return vpn.ReadDeployment(saved.InForce(c.Settings.Given)), nil
}

// PublicName is the public name that is in force.
func (c *Core) PublicName(ctx context.Context) (string, error) {
	var d vpn.Deployment
	err := c.View(ctx, func(tx *store.Tx) (err error) { d, err = c.Deployment(ctx, tx); return err })
	return d.PublicName, err
}

// Ready tells whether the database answers.
func (c *Core) Ready(ctx context.Context) error {
	_, err := c.PublicName(ctx)
	return err
}
