package store

import (
	"context"
	"testing"
	"time"

	"sallyport/vpn"
)

func testBlock(t *testing.T, s *Store) {
	a := vpn.CertificateBlock{Fingerprint: "aa", Serial: "1", Issuer: "ca", IssuerKey: "k", CommonName: "alice", By: "admin", At: at}
	b := vpn.CertificateBlock{Fingerprint: "bb", Serial: "2", CommonName: "bob", By: "admin", At: at.Add(time.Second)}
	for _, x := range []vpn.CertificateBlock{a, b} {
		update(t, s, func(ctx context.Context, tx *Tx) error { return tx.CreateCertificateBlock(ctx, x) })
	}
	wantKind(t, "blocked twice", attempt(t, s, func(ctx context.Context, x *Tx) error { return x.CreateCertificateBlock(ctx, a) }), vpn.Conflict)
	view(t, s, func(ctx context.Context, x *Tx) error {
		same(t, "by fingerprint", must[vpn.CertificateBlocks](t)(x.BlocksFor(ctx, vpn.LoginRequest{Fingerprint: "AA", Serial: "9"})), vpn.CertificateBlocks{a})
		same(t, "by serial number", must[vpn.CertificateBlocks](t)(x.BlocksFor(ctx, vpn.LoginRequest{Fingerprint: "cc", Serial: "2"}, vpn.LoginRequest{})), vpn.CertificateBlocks{b})
		same(t, "of another certificate", len(must[vpn.CertificateBlocks](t)(x.BlocksFor(ctx, vpn.LoginRequest{Fingerprint: "cc", Serial: "3"}))), 0)
		same(t, "searched", must[vpn.Page[vpn.CertificateBlock]](t)(x.CertificateBlocks(ctx, vpn.List{Search: "ALI"})).Items, []vpn.CertificateBlock{a})
		return nil
	})
	update(t, s, func(ctx context.Context, x *Tx) error { return x.DeleteCertificateBlock(ctx, "aa") })
	wantKind(t, "unblocked twice", attempt(t, s, func(ctx context.Context, x *Tx) error { return x.DeleteCertificateBlock(ctx, "aa") }), vpn.NotFound)

	// Connections with a certificate: by its fingerprint, and by serial number and issuer, but not by the
	// serial number alone.
	c := func(id, fingerprint, serial, issuer, cn string, status vpn.ConnectionStatus) vpn.Connection {
		key := map[string]string{"ca": "k", "other": "l"}[issuer]
		return vpn.Connection{ID: vpn.ConnectionID(id), Endpoint: "e-" + vpn.EndpointID(id), Fingerprint: fingerprint, Serial: serial, Issuer: issuer, IssuerKey: key, CommonName: cn, Status: status}
	}
	create(t, s, c("1", "aa", "1", "ca", "alice", vpn.ConnectionActive), c("2", "a2", "1", "ca", "alice", vpn.ConnectionConnecting),
		c("3", "a3", "1", "other", "alice", vpn.ConnectionActive), c("4", "", "1", "", "alice", vpn.ConnectionActive),
		c("5", "", "1", "", "carol", vpn.ConnectionActive), c("6", "aa", "1", "ca", "alice", vpn.ConnectionTerminated))
	view(t, s, func(ctx context.Context, x *Tx) error {
		found := must[[]vpn.Connection](t)(x.LiveConnectionsWith(ctx, a))
		same(t, "connections", vpn.IDsOf(found, func(c vpn.Connection) vpn.ConnectionID { return c.ID }), []vpn.ConnectionID{"1", "2", "4"})
		return nil
	})
}
