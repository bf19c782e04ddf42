package store

import (
	"context"
	"testing"
	"time"

	"sallyport/vpn"
)

func testSAMLTrial(t *testing.T, s *Store) {
	v := vpn.NewSAMLTrial("saml-1", "admin", at.UTC())
	update(t, s, func(ctx context.Context, x *Tx) error { return x.CreateSAMLTrial(ctx, v) })
	view(t, s, func(ctx context.Context, x *Tx) error {
		same(t, "created", must[vpn.SAMLTrial](t)(x.SAMLTrial(ctx, v.ID())), v)
		return nil
	})
	update(t, s, func(ctx context.Context, x *Tx) error {
		same(t, "purged", must[int](t)(x.PurgeSAMLTrials(ctx, at, 10)), 0)
		same(t, "purged", must[int](t)(x.PurgeSAMLTrials(ctx, at.Add(time.Second), 10)), 1)
		return nil
	})
	wantKind(t, "purged", attempt(t, s, func(ctx context.Context, x *Tx) error { _, err := x.SAMLTrial(ctx, v.ID()); return err }), vpn.NotFound)
}
