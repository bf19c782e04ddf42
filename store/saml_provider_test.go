package store

import (
	"context"
	"testing"
	"time"

	"sallyport/vpn"
	"sallyport/vpn/vpntest"
)

func testSAMLProvider(t *testing.T, s *Store) {
	p := vpntest.Filled[vpn.SAMLProvider]()
	secrets := SAMLProviderSecrets{Document: "<EntityDescriptor/>", SigningKey: "key"}
	update(t, s, func(ctx context.Context, x *Tx) error { return x.CreateSAMLProvider(ctx, p, secrets) })
	stored := func(what string, want vpn.SAMLProvider, secrets SAMLProviderSecrets, look vpn.SAMLLook) {
		t.Helper()
		view(t, s, func(ctx context.Context, x *Tx) error {
			same(t, what, must[vpn.SAMLProvider](t)(x.SAMLProvider(ctx, p.ID)), want)
			same(t, what+": listed", must[vpn.Page[vpn.SAMLProvider]](t)(x.SAMLProviders(ctx, vpn.List{Search: want.Name})).Items, []vpn.SAMLProvider{want})
			same(t, what+": all", must[[]vpn.SAMLProvider](t)(x.AllSAMLProviders(ctx)), []vpn.SAMLProvider{want})
			same(t, what+": secrets", must[SAMLProviderSecrets](t)(x.SAMLProviderSecrets(ctx, p.ID)), secrets)
			same(t, what+": look", must[vpn.SAMLLook](t)(x.SAMLLook(ctx, p.ID)), look)
			same(t, what+": name", must[map[vpn.ProviderID]string](t)(x.ProviderNames(ctx))[p.ID.Provider()], want.Name)
			return nil
		})
	}
	stored("created", p, secrets, vpn.SAMLLook{})
	look := vpntest.Filled[vpn.SAMLLook]()
	update(t, s, func(ctx context.Context, x *Tx) error {
		if err := x.SaveSAMLLook(ctx, p.ID, p.Version+1, vpn.SAMLLook{Failed: "of another version"}); err != nil {
			return err
		}
		return x.SaveSAMLLook(ctx, p.ID, p.Version, look)
	})
	stored("looked at", p, secrets, look)

	renamed := p
	renamed.Name, renamed.Version, renamed.SAMLProviderOptions = "renamed", p.Version+1, vpn.SAMLProviderOptions{GroupAttribute: "groups"}
	update(t, s, func(ctx context.Context, x *Tx) error { return x.SaveSAMLProvider(ctx, renamed, SAMLProviderSecrets{}) })
	stored("without a document", renamed, secrets, look)
	renamed.Metadata = vpn.SAMLMetadata{EntityID: "https://idp.example.com", Certificates: []vpn.SAMLCertificate{{Fingerprint: "AA", NotAfter: at.Add(time.Hour).UTC()}}}
	next := SAMLProviderSecrets{Document: "<new/>", SigningKey: "another"}
	update(t, s, func(ctx context.Context, x *Tx) error { return x.SaveSAMLProvider(ctx, renamed, next) })
	stored("with a document", renamed, next, look)

	update(t, s, func(ctx context.Context, x *Tx) error { return x.DeleteSAMLProvider(ctx, p.ID) })
	wantKind(t, "deleted", attempt(t, s, func(ctx context.Context, x *Tx) error { return x.DeleteSAMLProvider(ctx, p.ID) }), vpn.NotFound)
}
