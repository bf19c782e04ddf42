package endpoint_test

import (
	"net/netip"
	"strings"
	"testing"

	"sallyport/control/endpoint"
	"sallyport/vpn"
)

// What is missing is added in one recorded change; where nothing is missing there is no change and no record.
func TestAddMissingRoutes(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	ctx, id := t.Context(), s.Endpoint.ID
	s.Associate(s.B)
	s.AddRoute("0.0.0.0/0", s.A)
	s.AddRoute("192.0.2.0/24", s.A, s.B)
	if v := s.View(); len(v.Unequal) != 1 || len(v.Associations[0].Lacks) != 0 || len(v.Associations[1].Lacks) != 1 {
		t.Fatalf("got %+v, %+v", v.Unequal, v.Associations)
	}
	before := s.Rows()
	what, err := s.Endpoints.AnnounceMissingRoutes(ctx, s.Admin, id, netip.Prefix{})
	s.Must(err)
	if len(what.Routes) != 1 || what.Routes[0].Subnet != s.B.ID || what.Did.Kind() != "" {
		t.Errorf("got %+v", what)
	}
	if s.Rows() != before {
		t.Error("the announcement changed something")
	}
	s.Connect("alice")
	before = s.Rows()
	s.WantRefusal("unannounced", vpn.Conflict, "different now", func() error {
		_, err := s.Endpoints.AddMissingRoutes(ctx, s.Admin, id, netip.Prefix{}, vpn.Consent{})
		return err
	})
	generation := s.View().Generation
	done, err := s.Endpoints.AddMissingRoutes(ctx, s.Admin, id, netip.Prefix{}, vpn.Consent{Announced: "now"})
	s.Must(err)
	if len(done.Routes) != 1 || len(s.View().Unequal) != 0 || s.View().Generation != generation+1 {
		t.Errorf("got %+v, left %+v", done, s.View().Unequal)
	}
	after := s.Rows()
	if after == before || !strings.Contains(after, string(done.Routes[0].ID)) {
		t.Error("the change is not recorded")
	}
	again, err := s.Endpoints.AddMissingRoutes(ctx, s.Admin, id, netip.Prefix{}, vpn.Consent{Announced: "now"})
	s.Must(err)
	if len(again.Routes) != 0 || s.Rows() != after {
		t.Errorf("the second time: got %+v", again)
	}
}

// A new association with copied routes is one change, and reaches what the other one reaches.
func TestAssociateWithCopiedRoutes(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	ctx, id := t.Context(), s.Endpoint.ID
	s.AddRoute("0.0.0.0/0", s.A)
	s.WantBadInput("routes of what is not there", "copy_routes", func() error {
		_, err := s.Endpoints.Associate(ctx, s.Admin, id, endpoint.AssociationSpec{Subnet: s.B.ID, CopyRoutesOf: vpn.NewAssociationID()})
		return err
	})
	c, err := s.Endpoints.AssociationChoices(ctx, s.Admin, id, endpoint.AssociationSearch{})
	s.Must(err)
	if len(c.Present) != 1 || c.Present[0].ID != s.Association.ID || c.Present[0].Routes != 1 || c.Present[0].SubnetName != "a" {
		t.Errorf("got %+v", c.Present)
	}
	generation := s.View().Generation
	made, err := s.Endpoints.Associate(ctx, s.Admin, id, endpoint.AssociationSpec{Subnet: s.B.ID, CopyRoutesOf: s.Association.ID})
	s.Must(err)
	if v := s.View(); v.Generation != generation+1 || len(v.Unequal) != 0 || made.Added != v.Generation {
		t.Errorf("got %+v, unequal %+v", made, v.Unequal)
	}
}
