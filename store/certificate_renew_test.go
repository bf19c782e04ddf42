package store

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/vpn"
)

// A renewed certificate is written with its key, and stands in the chains of what it issued; what endpoints use is found.
func testRenewal(t *testing.T, s *Store) {
	f := stored(t, s)
	renewed := f.authority
	renewed.PEM, renewed.Serial, renewed.Fingerprint, renewed.NotAfter = "new pem", "77", "FE:DC", at.Add(time.Hour)
	leaf := f.server
	leaf.ID, leaf.Fingerprint, leaf.Chain, leaf.Authority = vpn.NewCertificateID(), "AB:12", "between\n"+f.authority.PEM, f.authority.ID
	create := func(ctx context.Context, x *Tx) error { return x.CreateCertificate(ctx, leaf, "leaf key") }
	update(t, s, create)
	update(t, s, func(ctx context.Context, x *Tx) error {
		same(t, "locked", must[vpn.Certificate](t)(x.LockCertificate(ctx, leaf.ID)).Chain, leaf.Chain)
		if err := x.SaveCertificate(ctx, renewed, ""); err != nil {
			return err
		}
		leaf.NotAfter = at.Add(2 * time.Hour)
		if err := x.SaveCertificate(ctx, leaf, "new leaf key"); err != nil {
			return err
		}
		return x.RenewInChains(ctx, f.authority.PEM, renewed.PEM)
	})
	renamed := f.server
	renamed.Name, renamed.CommonName = "Gateway of the office", "not written"
	update(t, s, func(ctx context.Context, x *Tx) error { return x.RenameCertificate(ctx, renamed) })
	view(t, s, func(ctx context.Context, x *Tx) error {
		found := must[vpn.Page[vpn.Certificate]](t)(x.Certificates(ctx, vpn.List{Search: "gateway OF"})).Items
		if len(found) != 1 || found[0].Name != renamed.Name || found[0].CommonName != f.server.CommonName || found[0].Fingerprint != f.server.Fingerprint {
			t.Errorf("renamed: %+v", found)
		}
		got := must[vpn.Certificate](t)(x.Certificate(ctx, leaf.ID))
		if !strings.HasSuffix(got.Chain, renewed.PEM) || !got.NotAfter.Equal(leaf.NotAfter) || got.Name != leaf.Name {
			t.Errorf("renewed: %+v", got)
		}
		same(t, "key", must[vpn.Secret](t)(x.CertificateKey(ctx, leaf.ID)).Reveal(), "new leaf key")
		same(t, "authority", must[vpn.Certificate](t)(x.Certificate(ctx, renewed.ID)).Serial, "77")
		used := vpn.IDsOf(must[[]vpn.Certificate](t)(x.CertificatesInUse(ctx, at.Add(90*time.Minute))), func(c vpn.Certificate) vpn.CertificateID { return c.ID })
		same(t, "in use and ending", slices.Contains(used, renewed.ID), true)
		same(t, "of servers", len(must[[]vpn.Certificate](t)(x.ServerCertificatesInUse(ctx))), 1)
		return nil
	})
	// Who comes by an authority, and the files that stay when it is removed.
	key := "k1"
	create2 := func(ctx context.Context, x *Tx) error {
		for _, v := range []vpn.Session{{ID: "s1", Endpoint: f.endpoint.ID, IssuerKey: key, StartedAt: at, EndsAt: at.Add(time.Hour)}, {ID: "s2", Endpoint: f.endpoint.ID, IssuerKey: "other", StartedAt: at, EndsAt: at.Add(time.Hour)}} {
			if err := x.CreateVPNSession(ctx, v); err != nil {
				return err
			}
		}
		for _, c := range []vpn.CertificateID{"", leaf.ID} {
			if err := x.CreateProfileDownload(ctx, vpn.ProfileDownload{Endpoint: f.endpoint.ID, Revision: "one", Certificate: c, At: at}); err != nil {
				return err
			}
		}
		return x.KeepDownloads(ctx, f.endpoint.ID, "one", "two", f.authority.ID)
	}
	update(t, s, create2)
	view(t, s, func(ctx context.Context, x *Tx) error {
		uses := must[[]IssuerUse](t)(x.IssuerUses(ctx, f.endpoint.ID, at))
		slices.SortFunc(uses, func(a, b IssuerUse) int { return strings.Compare(a.IssuerKey, b.IssuerKey) })
		same(t, "use", uses, []IssuerUse{{IssuerKey: key, Logins: 1}, {IssuerKey: "other", Logins: 1}})
		same(t, "sessions", len(must[[]vpn.Session](t)(x.VPNSessionsUnended(ctx, f.endpoint.ID))), 2)
		same(t, "files", must[map[string]int](t)(x.CountProfileDownloads(ctx, f.endpoint.ID)), map[string]int{"one": 1, "two": 1})
		return nil
	})
}
