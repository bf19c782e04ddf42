package endpoint_test

import (
	"testing"

	"sallyport/vpn"
)

// An endpoint is deleted only without target networks, and only where the word was typed.
func TestDeleteIsRefused(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	ctx, none := t.Context(), vpn.NewEndpointID()
	free := s.CreateEndpoint("free", "10.50.0.0/22", "1300")
	for _, c := range []struct {
		what, field string
		run         func() error
	}{
		{"delete without the word", "confirm", func() error {
			return s.Endpoints.DeleteEndpoint(ctx, s.Admin, free.ID, "yes")
		}},
	} {
		s.WantBadInput(c.what, c.field, c.run)
	}
	for what, c := range map[string]struct {
		run   func() error
		kind  vpn.Kind
		words string
	}{
		"endpoint with networks": {func() error { return s.Endpoints.DeleteEndpoint(ctx, s.Admin, s.Endpoint.ID, "delete") }, vpn.Conflict, "Disassociate all target networks first"},
		"no such endpoint":       {func() error { return s.Endpoints.DeleteEndpoint(ctx, s.Admin, none, "delete") }, vpn.NotFound, string(none)},
	} {
		s.WantRefusal(what, c.kind, c.words, c.run)
	}
}
