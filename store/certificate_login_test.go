package store

import (
	"context"
	"testing"
	"time"

	"sallyport/vpn"
)

// clientOf is a client certificate that an authority issued.
func clientOf(f fixture, fingerprint string) vpn.Certificate {
	c := f.server
	c.ID, c.Use, c.Fingerprint = vpn.NewCertificateID(), vpn.UseClient, fingerprint
	return c
}

// The last login with a client certificate is known until the certificate is renewed or deleted; that of another one is not written.
func testCertificateLogin(t *testing.T, s *Store) {
	f := stored(t, s)
	alice, bob := clientOf(f, "AB:12"), clientOf(f, "AB:34")
	used := func(want map[vpn.CertificateID]vpn.CertificateLogin) {
		t.Helper()
		view(t, s, func(ctx context.Context, x *Tx) error {
			same(t, "last logins", must[map[vpn.CertificateID]vpn.CertificateLogin](t)(x.CertificateLogins(ctx, alice.ID, bob.ID, f.server.ID)), want)
			return nil
		})
	}
	update(t, s, func(ctx context.Context, x *Tx) error {
		for _, c := range []vpn.Certificate{alice, bob} {
			if err := x.CreateCertificate(ctx, c, ""); err != nil {
				return err
			}
		}
		if err := x.NoteCertificateLogins(ctx, at, "first", "ab12", "ab34"); err != nil {
			return err
		}
		return x.NoteCertificateLogins(ctx, at.Add(time.Minute), "second", "ab12", "unknown")
	})
	ofBob := vpn.CertificateLogin{At: at.UTC(), Endpoint: vpn.EndpointRef{ID: "first"}}
	used(map[vpn.CertificateID]vpn.CertificateLogin{alice.ID: {At: at.Add(time.Minute).UTC(), Endpoint: vpn.EndpointRef{ID: "second"}}, bob.ID: ofBob})
	alice.Fingerprint = "AB:56"
	update(t, s, func(ctx context.Context, x *Tx) error { return x.SaveCertificate(ctx, alice, "") })
	used(map[vpn.CertificateID]vpn.CertificateLogin{bob.ID: ofBob})
	update(t, s, func(ctx context.Context, x *Tx) error { return x.DeleteCertificate(ctx, bob.ID) })
	used(map[vpn.CertificateID]vpn.CertificateLogin{})
}

// The last logins come out of the connections, and what former lists had out of the present ones.
func TestLastLoginsOfOldConnections(t *testing.T) {
	for name, open := range openers {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			f := stored(t, s)
			alice, bob := clientOf(f, "AB:12"), clientOf(f, "AB:34")
			update(t, s, func(ctx context.Context, x *Tx) error {
				for _, c := range []vpn.Certificate{alice, bob} {
					if err := x.CreateCertificate(ctx, c, ""); err != nil {
						return err
					}
				}
				for i, endpoint := range []vpn.EndpointID{"last", "first"} {
					c := vpn.Connection{ID: vpn.NewConnectionID(), Endpoint: endpoint, Fingerprint: "ab12", EstablishedAt: at.Add(-time.Duration(i) * time.Hour), Status: vpn.ConnectionTerminated}
					if err := x.CreateConnection(ctx, c); err != nil {
						return err
					}
				}
				return x.SaveRevocationList(ctx, vpn.RevocationList{IssuerKey: "without a number", ThisUpdate: at}, nil)
			})
			stopBelow(t, s, 59)
			migrated(t, s)
			view(t, s, func(ctx context.Context, x *Tx) error {
				same(t, "last logins", must[map[vpn.CertificateID]vpn.CertificateLogin](t)(x.CertificateLogins(ctx, alice.ID, bob.ID)),
					map[vpn.CertificateID]vpn.CertificateLogin{alice.ID: {At: at.UTC(), Endpoint: vpn.EndpointRef{ID: "last"}}})
				same(t, "former list", must[vpn.RevocationList](t)(x.FormerList(ctx, "without a number")), vpn.RevocationList{ThisUpdate: at.UTC()})
				return nil
			})
		})
	}
}
