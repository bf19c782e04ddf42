package endpoint_test

import (
	"testing"

	"sallyport/vpn"
)

// A request to terminate names an endpoint and connections or a user.
func TestTerminateIsRefused(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	ctx, none := t.Context(), vpn.NewEndpointID()
	for what, c := range map[string]struct {
		run   func() error
		kind  vpn.Kind
		words string
	}{
		"no endpoint to terminate": {func() error { _, err := s.Endpoints.TerminateUser(ctx, s.Admin, none, "alice"); return err }, vpn.NotFound, string(none)},
		"nobody to terminate":      {func() error { _, err := s.Endpoints.TerminateUser(ctx, s.Admin, s.Endpoint.ID, ""); return err }, vpn.Conflict, "Enter the user name"},
		"nothing to terminate": {func() error { _, err := s.Endpoints.TerminateConnections(ctx, s.Admin, s.Endpoint.ID, nil); return err },
			vpn.Conflict, "Select at least one"},
	} {
		s.WantRefusal(what, c.kind, c.words, c.run)
	}
}
