package endpoint_test

import (
	"testing"

	"sallyport/vpn"
)

// Bad input is refused with a sentence for its field, and changes nothing; automatic routes stay.
func TestRouteIsRefused(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	ctx, id := t.Context(), s.Endpoint.ID
	for _, c := range []struct {
		what, field string
		run         func() error
	}{
		{"route to the clients", "destination", func() error {
			_, err := s.Endpoints.CreateRoutes(ctx, s.Admin, id, vpn.RouteSpec{Destination: "10.20.0.0/22", Targets: []string{string(s.A.ID)}}, vpn.Consent{})
			return err
		}},
		{"route through nothing", "subnet", func() error {
			_, err := s.Endpoints.CreateRoutes(ctx, s.Admin, id, vpn.RouteSpec{Destination: "0.0.0.0/0", Targets: []string{string(s.B.ID)}}, vpn.Consent{})
			return err
		}},
	} {
		s.WantBadInput(c.what, c.field, c.run)
	}
	for what, c := range map[string]struct {
		run   func() error
		kind  vpn.Kind
		words string
	}{
		"automatic route": {func() error { return s.Endpoints.DeleteRoute(ctx, s.Admin, s.Endpoint.ID, s.automatic()) }, vpn.Conflict, "added automatically"},
	} {
		s.WantRefusal(what, c.kind, c.words, c.run)
	}
}

// A route belongs to its endpoint.
func TestRouteOfAnotherEndpoint(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	other, ctx := s.CreateEndpoint("other", "10.30.0.0/22", "1194"), t.Context()
	for what, run := range map[string]func() error{
		"delete route": func() error { return s.Endpoints.DeleteRoute(ctx, s.Admin, other.ID, s.automatic()) },
		"see a route":  func() error { _, err := s.Endpoints.Route(ctx, s.Admin, other.ID, s.automatic()); return err },
	} {
		s.WantRefusal(what, vpn.NotFound, "There is no", run)
	}
}

// automatic is the route that the association added.
func (s *site) automatic() vpn.RouteID {
	s.T.Helper()
	page, err := s.Endpoints.Routes(s.T.Context(), s.Admin, s.Endpoint.ID, vpn.List{})
	s.Must(err)
	return page.Items[0].ID
}
