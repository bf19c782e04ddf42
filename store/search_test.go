package store

import (
	"context"
	"testing"
	"time"

	"sallyport/vpn"
)

func testSearchOfEverything(t *testing.T, s *Store) {
	f := stored(t, s)
	wide := vpn.Rule{ID: vpn.NewRuleID(), Endpoint: f.endpoint.ID, Destination: prefix("10.0.0.0/8"), AllUsers: true, Description: "100 % of it", CreatedAt: at, Generations: vpn.Generations{Added: 1}}
	narrow := vpn.Rule{ID: vpn.NewRuleID(), Endpoint: f.endpoint.ID, Destination: prefix("10.1.2.0/24"), Group: "staff", CreatedAt: at, Generations: vpn.Generations{Added: 1}}
	update(t, s, func(ctx context.Context, x *Tx) error {
		for _, r := range []vpn.Rule{wide, narrow} {
			if err := x.CreateRule(ctx, r); err != nil {
				return err
			}
		}
		return x.SeeUser(ctx, vpn.Sighting{UserRef: vpn.UserRef{Provider: vpn.ProviderID(f.directory.ID), Key: "alice"}, Name: "Alice Büro", At: at.Add(time.Hour), Endpoint: f.endpoint.ID})
	})
	find := func(text string) (r vpn.SearchResult) {
		t.Helper()
		view(t, s, func(ctx context.Context, x *Tx) (err error) { r, err = x.Search(ctx, text); return err })
		return r
	}

	r := find("BÜRO")
	if len(r.Networks) != 1 || len(r.Users) != 1 || len(r.Endpoints) != 0 {
		t.Errorf("a name in another case: %d networks, %d users, %d endpoints; want 1, 1, 0", len(r.Networks), len(r.Users), len(r.Endpoints))
	}
	if r = find(string(f.endpoint.ID)); len(r.Endpoints) != 1 || len(r.Rules) != 0 {
		t.Errorf("an ID: %+v", r)
	}
	if r = find("team=a/b"); len(r.Networks) != 1 {
		t.Errorf("a tag finds %d networks", len(r.Networks))
	}
	if r = find("100 %"); len(r.Rules) != 1 || r.Rules[0].ID != wide.ID || r.EndpointNames[f.endpoint.ID] != f.endpoint.Name {
		t.Errorf("a character with a meaning in LIKE: %+v, %v", r.Rules, r.EndpointNames)
	}
	r = find("10.1.2.77")
	if len(r.Rules) != 2 || r.Rules[0].ID != narrow.ID || len(r.Subnets) != 1 || r.Subnets[0].ID != f.a.ID || len(r.Networks) != 1 || r.Networks[0].ID != f.a.Network {
		t.Errorf("an address: rules %+v, subnets %+v, networks %+v; want the narrow rule before the wide one, the subnet and its network", r.Rules, r.Subnets, r.Networks)
	}
	view(t, s, func(ctx context.Context, x *Tx) error {
		page, err := x.Networks(ctx, vpn.List{Search: " 10.1.2.77 "})
		if err == nil && (page.Total != 1 || page.Items[0].ID != f.a.Network) {
			t.Errorf("the list of networks finds %+v by an address", page.Items)
		}
		return err
	})
	if r = find("192.0.2.99"); len(r.Networks) != 0 {
		t.Errorf("an address of no network finds %+v", r.Networks)
	}
	for _, none := range []string{"", "no such thing", "%", "_", "' OR 1=1 --"} {
		r = find(none)
		if n := len(r.Endpoints) + len(r.Networks) + len(r.Users) + len(r.Certificates) + len(r.Subnets); none != "%" && n != 0 {
			t.Errorf("%q finds %d", none, n)
		}
	}
}
