package endpoint_test

import (
	"strings"
	"testing"

	"sallyport/control/endpoint"
	"sallyport/vpn"
)

// The form for an association offers the subnets that can be chosen, and says why the others cannot.
func TestAssociationChoices(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	before := s.Rows()
	c, err := s.Endpoints.AssociationChoices(t.Context(), s.Admin, s.Endpoint.ID, endpoint.AssociationSearch{})
	s.Must(err)
	if len(c.Networks) != 1 || len(c.Subnets) != 2 || !strings.Contains(c.Taken[s.A.ID], "already associated") || c.Taken[s.B.ID] != "" {
		t.Errorf("got %+v", c)
	}
	p, err := s.Endpoints.DisassociatePreview(t.Context(), s.Admin, s.Endpoint.ID, s.Association.ID)
	s.Must(err)
	if len(p.Others) != 0 || len(p.Routes) != 1 || p.Association.SubnetName != "a" || p.Connections != 0 {
		t.Errorf("got %+v", p)
	}
	if s.Rows() != before {
		t.Error("a preview changed something")
	}
	s.Associate(s.B)
	if p, err = s.Endpoints.DisassociatePreview(t.Context(), s.Admin, s.Endpoint.ID, s.Association.ID); err != nil || len(p.Others) != 1 {
		t.Errorf("with a second one: %+v, %v", p, err)
	}
}

// While one network is being disassociated and another is associated, both are shown with their names.
func TestSubnetNamesOfTwoNetworks(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	ctx := t.Context()
	n, err := s.Networks.CreateNetwork(ctx, s.Admin, vpn.NetworkSpec{Name: "second", CIDRs: "10.7.0.0/16"})
	s.Must(err)
	sub, err := s.Networks.CreateSubnet(ctx, s.Admin, n.ID, vpn.SubnetSpec{Name: "new one", CIDR: "10.7.0.0/24", Zone: "zone-a"})
	s.Must(err)
	s.Must(s.Endpoints.Disassociate(ctx, s.Admin, s.Endpoint.ID, s.Association.ID))
	s.Associate(sub)
	names := map[string]vpn.AssociationState{}
	for _, row := range s.View().Associations {
		names[row.SubnetName] = row.State
	}
	if names["a"] != vpn.Disassociating || names["new one"] != vpn.Associating {
		t.Errorf("got %v", names)
	}
}

// Bad input is refused with a sentence for its field, and changes nothing.
func TestAssociateIsRefused(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	ctx, id := t.Context(), s.Endpoint.ID
	for _, c := range []struct {
		what, field string
		run         func() error
	}{
		{"associate nothing", "subnet", func() error {
			_, err := s.Endpoints.Associate(ctx, s.Admin, id, endpoint.AssociationSpec{Subnet: ""})
			return err
		}},
		{"associate what is not there", "subnet", func() error {
			_, err := s.Endpoints.Associate(ctx, s.Admin, id, endpoint.AssociationSpec{Subnet: vpn.NewSubnetID()})
			return err
		}},
		{"associate twice", "subnet", func() error {
			_, err := s.Endpoints.Associate(ctx, s.Admin, id, endpoint.AssociationSpec{Subnet: s.A.ID})
			return err
		}},
	} {
		s.WantBadInput(c.what, c.field, c.run)
	}
}

// An association belongs to its endpoint.
func TestAssociationOfAnotherEndpoint(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	other, ctx := s.CreateEndpoint("other", "10.30.0.0/22", "1194"), t.Context()
	for what, run := range map[string]func() error{
		"disassociate": func() error { return s.Endpoints.Disassociate(ctx, s.Admin, other.ID, s.Association.ID) },
		"preview": func() error {
			_, err := s.Endpoints.DisassociatePreview(ctx, s.Admin, other.ID, s.Association.ID)
			return err
		},
	} {
		s.WantRefusal(what, vpn.NotFound, "There is no", run)
	}
}
