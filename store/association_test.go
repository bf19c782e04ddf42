package store

import (
	"context"
	"testing"

	"sallyport/vpn"
)

func testAssociation(t *testing.T, s *Store) {
	f := stored(t, s)
	b := f.firstAssoc
	b.ID, b.Subnet, b.CIDR, b.Zone, b.Generations = vpn.NewAssociationID(), f.b.ID, f.b.CIDR, f.b.Zone, vpn.Generations{Added: 3, Removed: 4}
	full(t, b)
	update(t, s, func(ctx context.Context, x *Tx) error { return x.CreateAssociation(ctx, b) })
	view(t, s, func(ctx context.Context, x *Tx) error {
		same(t, "association", must[vpn.Association](t)(x.Association(ctx, b.ID)), b)
		same(t, "of endpoint, by zone", must[[]vpn.Association](t)(x.AssociationsOf(ctx, f.endpoint.ID)), []vpn.Association{b, f.firstAssoc})
		same(t, "of subnet", must[[]vpn.Association](t)(x.AssociationsOfSubnets(ctx, f.a.ID)), []vpn.Association{f.firstAssoc})
		same(t, "of nothing", must[[]vpn.Association](t)(x.AssociationsOf(ctx)), nil)
		_, err := x.Association(ctx, "cvpn-assoc-none")
		wantKind(t, "missing", err, vpn.NotFound)
		return nil
	})
	again := f.firstAssoc
	again.ID, again.Zone = vpn.NewAssociationID(), "zone-x"
	wantKind(t, "same subnet", attempt(t, s, func(ctx context.Context, x *Tx) error { return x.CreateAssociation(ctx, again) }), vpn.Conflict)
	again.Subnet, again.Zone = f.b.ID, f.a.Zone
	wantKind(t, "same zone", attempt(t, s, func(ctx context.Context, x *Tx) error { return x.CreateAssociation(ctx, again) }), vpn.Conflict)
	again.Zone, again.Subnet = f.b.Zone, "subnet-none"
	wantKind(t, "no subnet", attempt(t, s, func(ctx context.Context, x *Tx) error { return x.CreateAssociation(ctx, again) }), vpn.Conflict)
	leaving := f.firstAssoc
	leaving.Removed = 8
	again.Subnet, again.Zone = f.a.ID, f.a.Zone
	update(t, s, func(ctx context.Context, x *Tx) error {
		if err := x.SaveAssociation(ctx, leaving); err != nil {
			return err
		}
		return x.CreateAssociation(ctx, again) // the old one is being removed
	})
	view(t, s, func(ctx context.Context, x *Tx) error {
		same(t, "saved", must[vpn.Association](t)(x.Association(ctx, leaving.ID)), leaving)
		return nil
	})
	leaving.ID = "cvpn-assoc-none"
	wantKind(t, "save missing", attempt(t, s, func(ctx context.Context, x *Tx) error { return x.SaveAssociation(ctx, leaving) }), vpn.NotFound)
}
