package store

import (
	"context"
	"testing"

	"sallyport/vpn"
)

func testCertificate(t *testing.T, s *Store) {
	f := stored(t, s)
	full(t, f.server)
	view(t, s, func(ctx context.Context, x *Tx) error {
		same(t, "server", must[vpn.Certificate](t)(x.Certificate(ctx, f.server.ID)), f.server)
		same(t, "authority", must[vpn.Certificate](t)(x.Certificate(ctx, f.authority.ID)), f.authority)
		_, err := x.Certificate(ctx, "cert-none")
		wantKind(t, "missing", err, vpn.NotFound)
		same(t, "by ID", must[map[vpn.CertificateID]vpn.Certificate](t)(x.CertificatesByID(ctx, f.server.ID, "cert-none"))[f.server.ID], f.server)
		same(t, "by serial number", must[[]vpn.Certificate](t)(x.CertificatesBySerial(ctx, f.server.Serial)), []vpn.Certificate{f.server})
		if got := must[[]vpn.Certificate](t)(x.CertificatesBySerial(ctx, "4711")); len(got) != 0 {
			t.Errorf("by a serial number that no certificate has: %v", got)
		}
		same(t, "using", must[map[vpn.CertificateID][]vpn.EndpointID](t)(x.EndpointsUsing(ctx, f.server.ID, f.authority.ID, "cert-none")),
			map[vpn.CertificateID][]vpn.EndpointID{f.server.ID: {f.endpoint.ID}, f.authority.ID: {f.endpoint.ID}})
		same(t, "issued", must[map[vpn.CertificateID]int](t)(x.IssuedCounts(ctx, f.server.ID, f.authority.ID)), map[vpn.CertificateID]int{f.authority.ID: 1})
		label := func(c vpn.Certificate) string { return c.Name }
		for _, c := range []struct {
			l    vpn.List
			want []string
		}{
			{vpn.List{}, []string{"Our CA", "Server"}},
			{vpn.List{Sort: "common_name", Desc: true}, []string{"Server", "Our CA"}},
			{vpn.List{Sort: "not_after"}, []string{"Server", "Our CA"}},
			{vpn.List{Search: "vpn.EXAMPLE"}, []string{"Server"}},
			{vpn.List{Filter: map[string]string{"use": "authority"}}, []string{"Our CA"}},
			{vpn.List{Filter: map[string]string{"authority": string(f.authority.ID), "use": ""}}, []string{"Server"}},
			{vpn.List{Filter: map[string]string{"use": "client"}}, []string{}},
			{vpn.List{Filter: map[string]string{"pem": "PEM-A"}}, []string{"Our CA", "Server"}}, // not a filter
		} {
			p := must[vpn.Page[vpn.Certificate]](t)(x.Certificates(ctx, c.l))
			same(t, "certificates", names(p.Items, label), c.want)
		}
		return nil
	})
	orphan := f.server
	orphan.ID, orphan.Authority = vpn.NewCertificateID(), "cert-none"
	wantKind(t, "no authority", attempt(t, s, func(ctx context.Context, x *Tx) error { return x.CreateCertificate(ctx, orphan, "") }), vpn.Conflict)
	for _, id := range []vpn.CertificateID{f.server.ID, f.authority.ID} {
		wantKind(t, "in use", attempt(t, s, func(ctx context.Context, x *Tx) error { return x.DeleteCertificate(ctx, id) }), vpn.Conflict)
	}
	update(t, s, func(ctx context.Context, x *Tx) error {
		if err := x.DeleteEndpoint(ctx, f.endpoint.ID); err != nil {
			return err
		}
		return x.DeleteCertificate(ctx, f.server.ID)
	})
	view(t, s, func(ctx context.Context, x *Tx) error {
		_, err := x.CertificateKey(ctx, f.server.ID)
		wantKind(t, "key of a deleted certificate", err, vpn.NotFound)
		return nil
	})
}

func testCertificateKey(t *testing.T, s *Store) {
	f := stored(t, s)
	client := f.server
	client.ID, client.KeyTaken = vpn.NewCertificateID(), false
	update(t, s, func(ctx context.Context, x *Tx) error {
		if err := x.CreateCertificate(ctx, client, "client key"); err != nil {
			return err
		}
		for i, want := range []bool{true, false, false} {
			if got := must[bool](t)(x.TakeCertificateKey(ctx, client.ID)); got != want {
				t.Errorf("take %d: got %v, want %v", i, got, want)
			}
		}
		return nil
	})
	view(t, s, func(ctx context.Context, x *Tx) error {
		for id, want := range map[vpn.CertificateID]string{client.ID: "client key", f.server.ID: "private key"} {
			if got := must[vpn.Secret](t)(x.CertificateKey(ctx, id)).Reveal(); got != want {
				t.Errorf("key: got %q, want %q", got, want)
			}
		}
		_, err := x.CertificateKey(ctx, f.authority.ID)
		wantKind(t, "none kept", err, vpn.NotFound)
		if c := must[vpn.Certificate](t)(x.Certificate(ctx, client.ID)); !c.KeyTaken || !c.HasKey {
			t.Errorf("after the download: %+v", c)
		}
		return nil
	})
	wantKind(t, "take of none", attempt(t, s, func(ctx context.Context, x *Tx) error {
		_, err := x.TakeCertificateKey(ctx, "cert-none")
		return err
	}), vpn.NotFound)
}
