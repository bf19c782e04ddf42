package network_test

import (
	"strings"
	"testing"

	"sallyport/vpn"
)

// Bad input is refused with a sentence for its field, and changes nothing.
func TestNetworkIsRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ctx := t.Context()
	long := strings.Repeat("x", 10000)
	for _, c := range []struct {
		what, field string
		run         func() error
	}{
		{"network without ranges", "cidrs", func() error { _, err := s.Networks.CreateNetwork(ctx, s.Admin, vpn.NetworkSpec{Name: "x"}); return err }},
		{"network with markup", "name", func() error {
			_, err := s.Networks.CreateNetwork(ctx, s.Admin, vpn.NetworkSpec{Name: "<script>", CIDRs: "10.9.0.0/16"})
			return err
		}},
		{"network of 10,000 characters", "name", func() error {
			_, err := s.Networks.CreateNetwork(ctx, s.Admin, vpn.NetworkSpec{Name: long, CIDRs: "10.9.0.0/16"})
			return err
		}},
	} {
		s.WantBadInput(c.what, c.field, c.run)
	}
}

// A network with subnets is not deleted.
func TestNetworkInUse(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ctx := t.Context()
	for what, c := range map[string]struct {
		run   func() error
		kind  vpn.Kind
		words string
	}{
		"network with subnets": {func() error { return s.Networks.DeleteNetwork(ctx, s.Admin, s.Network.ID) }, vpn.Conflict, "still has 2 subnets"},
		"no such network":      {func() error { return s.Networks.DeleteNetwork(ctx, s.Admin, vpn.NewNetworkID()) }, vpn.NotFound, "no network"},
	} {
		s.WantRefusal(what, c.kind, c.words, c.run)
	}
}

// A network is listed with the number of its subnets, and can be deleted after them.
func TestNetworkLife(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ctx := t.Context()
	n, err := s.Networks.CreateNetwork(ctx, s.Admin, vpn.NetworkSpec{Name: "second", CIDRs: "10.5.0.0/16"})
	s.Must(err)
	sub, err := s.Networks.CreateSubnet(ctx, s.Admin, n.ID, vpn.SubnetSpec{Name: "only", CIDR: "10.5.1.0/24", Zone: "zone-a"})
	s.Must(err)
	page, err := s.Networks.Networks(ctx, s.ReadOnly, vpn.List{Search: "second"})
	s.Must(err)
	if len(page.Items) != 1 || page.Items[0].ID != n.ID || page.Items[0].Subnets != 1 {
		t.Errorf("listed %+v", page.Items)
	}
	if r := s.LastAudit(); r.Action != vpn.CreateSubnet || r.Subject != string(sub.ID) {
		t.Errorf("the record is %+v", r)
	}
	_, err = s.Networks.DeleteSubnet(ctx, s.Admin, sub.ID)
	s.Must(err)
	s.Must(s.Networks.DeleteNetwork(ctx, s.Admin, n.ID))
	_, err = s.Networks.Network(ctx, s.Admin, n.ID)
	s.WantKind("afterwards", err, vpn.NotFound, string(n.ID))
	if r := s.LastAudit(); r.Action != vpn.DeleteVpc || r.Subject != string(n.ID) || r.Before == "" {
		t.Errorf("the record is %+v", r)
	}
}
