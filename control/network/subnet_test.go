package network_test

import (
	"testing"

	"sallyport/vpn"
)

// Bad input is refused with a sentence for its field, and changes nothing.
func TestSubnetIsRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ctx := t.Context()
	for _, c := range []struct {
		what, field string
		run         func() error
	}{
		{"subnet outside", "cidr", func() error {
			_, err := s.Networks.CreateSubnet(ctx, s.Admin, s.Network.ID, vpn.SubnetSpec{CIDR: "10.9.0.0/24", Zone: "z"})
			return err
		}},
		{"subnet that overlaps", "cidr", func() error {
			_, err := s.Networks.CreateSubnet(ctx, s.Admin, s.Network.ID, vpn.SubnetSpec{CIDR: "10.0.1.0/25", Zone: "z"})
			return err
		}},
	} {
		s.WantBadInput(c.what, c.field, c.run)
	}
}

// A subnet that is a target network is not deleted, and the error names the endpoint.
func TestSubnetInUse(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	for what, c := range map[string]struct {
		run   func() error
		kind  vpn.Kind
		words string
	}{
		"associated subnet": {func() error { return deleteSubnet(s, s.A.ID) }, vpn.Conflict, "target network of endpoint main"},
		"no such subnet":    {func() error { return deleteSubnet(s, vpn.NewSubnetID()) }, vpn.NotFound, "no subnet"},
	} {
		s.WantRefusal(what, c.kind, c.words, c.run)
	}
}

func deleteSubnet(s *site, id vpn.SubnetID) error {
	_, err := s.Networks.DeleteSubnet(s.T.Context(), s.Admin, id)
	return err
}

// A subnet is shown with the endpoints that have it as a target network.
func TestSubnetNamesItsEndpoints(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	page, err := s.Networks.Subnets(t.Context(), s.ReadOnly, s.Network.ID, vpn.List{Sort: "name"})
	s.Must(err)
	if len(page.Items) != 2 || len(page.Items[0].Endpoints) != 1 || page.Items[0].Endpoints[0].Name != "main" || len(page.Items[1].Endpoints) != 0 {
		t.Errorf("listed %+v", page.Items)
	}
	one, err := s.Networks.Subnet(t.Context(), s.ReadOnly, s.A.ID)
	if err != nil || len(one.Endpoints) != 1 || one.Endpoints[0].ID != s.Endpoint.ID {
		t.Errorf("got %+v, %v", one, err)
	}
}
