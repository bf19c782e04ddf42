package store

import (
	"context"
	"net/netip"
	"slices"
	"testing"

	"sallyport/vpn"
)

func testNetwork(t *testing.T, s *Store) {
	f := stored(t, s)
	full(t, f.network)
	bare := vpn.Network{ID: vpn.NewNetworkID(), Name: "Ähre", CIDRs: []netip.Prefix{prefix("10.9.0.0/16")}}
	update(t, s, func(ctx context.Context, x *Tx) error { return x.CreateNetwork(ctx, bare) })
	view(t, s, func(ctx context.Context, x *Tx) error {
		same(t, "network", must[vpn.Network](t)(x.Network(ctx, f.network.ID)), f.network)
		same(t, "bare network", must[vpn.Network](t)(x.Network(ctx, bare.ID)), bare)
		_, err := x.Network(ctx, "vpc-none")
		wantKind(t, "missing network", err, vpn.NotFound)
		label := func(n vpn.Network) string { return n.Name }
		for _, c := range []struct {
			l    vpn.List
			want []string
		}{
			{vpn.List{}, []string{"Büro", "Ähre"}},
			{vpn.List{Desc: true}, []string{"Ähre", "Büro"}},
			{vpn.List{Sort: "created_at"}, []string{"Ähre", "Büro"}},
			{vpn.List{Search: "BÜRO"}, []string{"Büro"}},
			{vpn.List{Search: "9.0.0.0/8"}, []string{"Büro"}},
			{vpn.List{Search: string(bare.ID)}, []string{"Ähre"}},
			{vpn.List{Search: "main build"}, []string{"Büro"}},
		} {
			p := must[vpn.Page[vpn.Network]](t)(x.Networks(ctx, c.l))
			same(t, "networks", names(p.Items, label), c.want)
		}
		same(t, "the first one", names(must[[]vpn.Network](t)(x.FirstNetworks(ctx, 1)), label), []string{"Büro"})
		ranges := must[[]netip.Prefix](t)(x.NetworkRanges(ctx))
		slices.SortFunc(ranges, netip.Prefix.Compare)
		same(t, "ranges", ranges, []netip.Prefix{prefix("9.0.0.0/8"), prefix("10.1.0.0/16"), prefix("10.9.0.0/16")})
		return nil
	})
	wantKind(t, "same ID", attempt(t, s, func(ctx context.Context, x *Tx) error { return x.CreateNetwork(ctx, f.network) }), vpn.Conflict)
	wantKind(t, "in use", attempt(t, s, func(ctx context.Context, x *Tx) error { return x.DeleteNetwork(ctx, f.network.ID) }), vpn.Conflict)
	wantKind(t, "delete missing", attempt(t, s, func(ctx context.Context, x *Tx) error { return x.DeleteNetwork(ctx, "vpc-none") }), vpn.NotFound)
	update(t, s, func(ctx context.Context, x *Tx) error { return x.DeleteNetwork(ctx, bare.ID) })
}

func testSubnet(t *testing.T, s *Store) {
	f := stored(t, s)
	full(t, f.a)
	other := vpn.Network{ID: vpn.NewNetworkID(), Name: "Other"}
	free := vpn.Subnet{ID: vpn.NewSubnetID(), Network: f.network.ID, Name: "alpine", CIDR: prefix("9.1.0.0/27"), Zone: "zone-c"}
	update(t, s, func(ctx context.Context, x *Tx) error {
		if err := x.CreateNetwork(ctx, other); err != nil {
			return err
		}
		return x.CreateSubnet(ctx, free)
	})
	view(t, s, func(ctx context.Context, x *Tx) error {
		same(t, "subnet", must[vpn.Subnet](t)(x.Subnet(ctx, f.a.ID)), f.a)
		same(t, "subnets of", must[[]vpn.Subnet](t)(x.SubnetsOf(ctx, f.network.ID, other.ID)), []vpn.Subnet{f.b, f.a, free})
		same(t, "subnets of none", must[[]vpn.Subnet](t)(x.SubnetsOf(ctx)), nil)
		same(t, "counts", must[map[vpn.NetworkID]int](t)(x.SubnetCounts(ctx, f.network.ID, other.ID)), map[vpn.NetworkID]int{f.network.ID: 3})
		_, err := x.Subnet(ctx, "subnet-none")
		wantKind(t, "missing subnet", err, vpn.NotFound)
		label := func(n vpn.Subnet) string { return n.Name }
		for _, c := range []struct {
			l    vpn.List
			want []string
		}{
			{vpn.List{}, []string{"beta", "alpine", "Alpha"}}, // 9.1.0.0/16, 9.1.0.0/27, 10.1.2.0/24
			{vpn.List{Sort: "name"}, []string{"Alpha", "alpine", "beta"}},
			{vpn.List{Sort: "zone", Desc: true}, []string{"alpine", "Alpha", "beta"}},
			{vpn.List{Search: "ZONE-A"}, []string{"beta"}},
			{vpn.List{Search: "10.1.2"}, []string{"Alpha"}},
			{vpn.List{Search: "second FLOOR"}, []string{"Alpha"}},
			{vpn.List{Filter: map[string]string{"tag": "team=ops"}}, []string{"Alpha"}},
		} {
			p := must[vpn.Page[vpn.Subnet]](t)(x.Subnets(ctx, f.network.ID, c.l))
			same(t, "subnets", names(p.Items, label), c.want)
		}
		return nil
	})
	again := free
	again.ID = vpn.NewSubnetID()
	wantKind(t, "same range", attempt(t, s, func(ctx context.Context, x *Tx) error { return x.CreateSubnet(ctx, again) }), vpn.Conflict)
	again.Network = "vpc-none"
	wantKind(t, "no network", attempt(t, s, func(ctx context.Context, x *Tx) error { return x.CreateSubnet(ctx, again) }), vpn.Conflict)
	wantKind(t, "in use", attempt(t, s, func(ctx context.Context, x *Tx) error { return x.DeleteSubnet(ctx, f.a.ID) }), vpn.Conflict)
	update(t, s, func(ctx context.Context, x *Tx) error { return x.DeleteSubnet(ctx, free.ID) })
	wantKind(t, "deleted twice", attempt(t, s, func(ctx context.Context, x *Tx) error { return x.DeleteSubnet(ctx, free.ID) }), vpn.NotFound)
}
