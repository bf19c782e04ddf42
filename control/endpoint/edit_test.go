package endpoint_test

import (
	"testing"
	"time"

	"sallyport/vpn"
)

// Bad input is refused with a sentence for its field, and changes nothing.
func TestEditIsRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ctx, id := t.Context(), s.Endpoint.ID
	expired := s.expiredCertificate()
	for _, c := range []struct {
		what, field string
		run         func() error
	}{
		{"edit to a bad port", "port", func() error {
			_, err := s.Endpoints.EditEndpoint(ctx, s.Admin, id, vpn.EndpointEdit{Version: 1, Name: "y", Certificate: s.Server.ID, Port: "x", ClientOptions: vpn.DefaultOptions()})
			return err
		}},
		{"edit to an expired certificate", "certificate", func() error {
			_, err := s.Endpoints.EditEndpoint(ctx, s.Admin, id, vpn.EndpointEdit{Version: 1, Name: "y", Certificate: expired.ID, ClientOptions: vpn.DefaultOptions()})
			return err
		}},
		{"bad tag", "tags", func() error {
			_, err := s.Endpoints.SaveEndpointTags(ctx, s.Admin, id, 1, []vpn.Tag{{Value: "v"}})
			return err
		}},
	} {
		s.WantBadInput(c.what, c.field, c.run)
	}
}

// Of two administrators who save the same form, the second is refused and the first change stays.
func TestSecondSaveIsTold(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ctx := t.Context()
	_, err := s.Endpoints.EditEndpoint(ctx, s.Admin, s.Endpoint.ID, vpn.EndpointEdit{Version: 1, Name: "first", Certificate: s.Server.ID, ClientOptions: vpn.DefaultOptions()})
	s.Must(err)
	before := s.Rows()
	_, err = s.Endpoints.EditEndpoint(ctx, s.Admin, s.Endpoint.ID, vpn.EndpointEdit{Version: 1, Name: "second", Certificate: s.Server.ID, ClientOptions: vpn.DefaultOptions()})
	s.WantKind("the second", err, vpn.Stale, "Another administrator changed this endpoint")
	_, err = s.Endpoints.SaveEndpointTags(ctx, s.Admin, s.Endpoint.ID, 1, nil)
	s.WantKind("tags from the old page", err, vpn.Stale, "Another administrator")
	if s.Rows() != before || s.View().Name != "first" {
		t.Error("the second save left something")
	}
	_, err = s.Endpoints.EditEndpoint(ctx, s.Admin, s.Endpoint.ID, vpn.EndpointEdit{Version: 2, Name: "second", Certificate: s.Server.ID, ClientOptions: vpn.DefaultOptions()})
	s.Must(err)
	// A new rule is no save of the form: the next save of the form is not stale.
	s.Authorize("10.0.0.0/16")
	_, err = s.Endpoints.EditEndpoint(ctx, s.Admin, s.Endpoint.ID, vpn.EndpointEdit{Version: 3, Name: "third", Certificate: s.Server.ID, ClientOptions: vpn.DefaultOptions()})
	s.Must(err)
}

// An expired certificate is refused where it is chosen, and does not prevent a new name.
func TestRenameWithExpiredCertificate(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.Clock.Pass(826 * 24 * time.Hour)
	_, err := s.Endpoints.EditEndpoint(t.Context(), s.Admin, s.Endpoint.ID, vpn.EndpointEdit{Version: 1, Name: "renamed", Certificate: s.Server.ID, ClientOptions: vpn.DefaultOptions()})
	s.Must(err)
	_, err = s.Endpoints.EditEndpoint(t.Context(), s.Admin, s.Endpoint.ID, vpn.EndpointEdit{Version: 2, Name: "renamed", Certificate: s.Server.ID, Port: "1194", ClientOptions: vpn.DefaultOptions()})
	if vpn.FieldsOf(err)["certificate"] == "" {
		t.Errorf("got %v", err)
	}
}
