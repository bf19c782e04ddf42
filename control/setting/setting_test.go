package setting_test

import (
	"strings"
	"testing"

	"sallyport/control"
	"sallyport/control/controltest"
	"sallyport/vpn"
)

func TestSettingsAreSavedAndAudited(t *testing.T) {
	t.Parallel()
	s := controltest.NewSite(t)
	view, err := s.Settings.Settings(t.Context(), s.ReadOnly)
	s.Must(err)
	values := map[string]string{}
	for _, k := range view.Settings {
		values[k.Key] = k.Value
		if (k.Key == "public_name") != (k.Source != "") {
			t.Errorf("%s comes from %q", k.Key, k.Source)
		}
	}
	values["vpn_domain"] = "vpn.example"
	s.WantKind("a read-only account", s.Settings.Save(t.Context(), s.ReadOnly, view.Version, values, vpn.Consent{}), vpn.Denied, "read-only")
	s.Must(s.Settings.Save(t.Context(), s.Admin, view.Version, values, vpn.Consent{}))
	if a := s.LastAudit(); a.Action != vpn.ModifySettings || strings.Contains(a.Before, "vpn.example\"") || !strings.Contains(a.After, `"vpn_domain":"vpn.example"`) {
		t.Errorf("audit %+v", a)
	}
	s.WantRefusal("a form of before", vpn.Stale, "Another administrator", func() error { return s.Settings.Save(t.Context(), s.Admin, view.Version, values, vpn.Consent{}) })
	values["rule_quota"] = "0"
	s.WantBadInput("a quota of nothing", "rule_quota", func() error { return s.Settings.Save(t.Context(), s.Admin, view.Version+1, values, vpn.Consent{}) })
}

func TestQuotasAndRangesHold(t *testing.T) {
	t.Parallel()
	s := controltest.NewSite(t)
	create := func(cidr string) error {
		_, err := s.Endpoints.CreateEndpoint(t.Context(), s.Admin, vpn.EndpointSpec{Name: "x", ClientCIDR: cidr, Certificate: s.Server.ID, ClientCA: s.CA.ID, Port: "1194", Mutual: true, ClientOptions: vpn.DefaultOptions()})
		return err
	}
	s.WantBadInput("a public range", "client_cidr", func() error { return create("203.0.112.0/22") })
	s.Set(s.Admin, "public_client_ranges", "true", "endpoint_quota", "2")
	s.Must(create("203.0.112.0/22"))
	s.WantRefusal("one endpoint too many", vpn.Conflict, "raise it on the Settings page", func() error { return create("10.99.0.0/22") })

	s.Associate(s.A)
	s.Set(s.Admin, "rule_quota", "1", "route_quota", "1", "pending_change_quota", "4")
	s.Authorize("10.0.0.0/16")
	s.WantRefusal("one rule too many", vpn.Conflict, "quota is 1", func() error {
		_, err := s.Endpoints.Authorize(t.Context(), s.Admin, s.Endpoint.ID, vpn.RuleSpec{Destination: "10.1.0.0/16", AllUsers: true})
		return err
	})
	route := func(destination string) error {
		_, err := s.Endpoints.CreateRoutes(t.Context(), s.Admin, s.Endpoint.ID, vpn.RouteSpec{Destination: destination, Targets: []string{string(s.A.ID)}}, vpn.Consent{})
		return err
	}
	s.Must(route("10.1.0.0/16"))
	s.WantRefusal("a change too many", vpn.Conflict, "wait for the dataplane", func() error { return route("10.2.0.0/16") })
	s.Reconcile()
	s.WantRefusal("a route too many", vpn.Conflict, "already has 1 routes", func() error { return route("10.2.0.0/16") })
}

// Another remote name is announced by the files that have the old one.
func TestAnotherNameIsAnnounced(t *testing.T) {
	t.Parallel()
	s := controltest.NewSite(t)
	settings := control.Settings{FallbackAddress: "192.0.2.1"} // the configuration sets no name
	services := s.NewServices(controltest.Options{Settings: &settings})
	values := map[string]string{}
	view, err := services.Settings.Settings(t.Context(), s.Admin)
	s.Must(err)
	for _, k := range view.Settings {
		values[k.Key] = k.Value
	}
	values["public_name"] = "vpn.example.test"
	s.Must(services.Settings.Save(t.Context(), s.Admin, view.Version, values, vpn.Consent{})) // no file has the address
	for range 2 {
		_, err = services.Endpoints.ClientConfiguration(t.Context(), s.Admin, s.Endpoint.ID, "")
		s.Must(err)
	}
	values["rule_quota"] = "60"
	s.Must(services.Settings.Save(t.Context(), s.Admin, view.Version+1, values, vpn.Consent{}))
	values["public_name"] = "gw.example.test"
	a, err := services.Settings.AnnounceSave(t.Context(), s.Admin, view.Version+2, values)
	s.Must(err)
	if a.Kind() != "files" || a.Stop != 2 {
		t.Errorf("got %+v", a)
	}
	rows := s.Rows()
	err = services.Settings.Save(t.Context(), s.Admin, view.Version+2, values, vpn.Consent{Announced: "files"})
	if vpn.FieldsOf(err)["confirm"] == "" || s.Rows() != rows {
		t.Errorf("without the word: got %v", err)
	}
	s.Must(services.Settings.Save(t.Context(), s.Admin, view.Version+2, values, vpn.Consent{Announced: "files", Word: "replace"}))
}
