package vpn

import (
	"testing"
	"time"
)

func TestPortalSession(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 27, 10, 0, 0, 0, time.UTC)
	s, token := NewPortalSession("d-1", ProviderUser{Key: "k", Name: "alice", Groups: []Group{{ID: "staff"}}}, "192.0.2.7", time.Time{}, now)
	if s.Digest != TokenDigest(token) || s.UserRef != (UserRef{"d-1", "k"}) || s.Name != "alice" || len(s.Groups) != 1 || s.Source != "192.0.2.7" {
		t.Errorf("got %+v", s)
	}
	used := func(at time.Time) PortalSession { u := s; u.SeenAt = at; return u }
	for _, c := range []struct {
		what string
		s    PortalSession
		at   time.Time
		want bool
	}{
		{"new", s, now, false},
		{"idle for as long as it may be", s, now.Add(PortalIdle), false},
		{"idle", s, now.Add(PortalIdle + time.Second), true},
		{"used", used(now.Add(PortalLife - time.Minute)), now.Add(PortalLife - time.Second), false},
		{"at its end", used(now.Add(PortalLife - time.Minute)), now.Add(PortalLife), true},
		{"of a clock that is a little ahead", s, now.Add(-clockTolerance), false},
		{"before the clock was set back", s, now.Add(-time.Hour), true},
		{"used before the clock was set back", used(now.Add(time.Hour)), now, true},
	} {
		if got := c.s.Ended(c.at); got != c.want {
			t.Errorf("a session that is %s: ended %t", c.what, got)
		}
	}
}

func TestPortalNeedsUsers(t *testing.T) {
	t.Parallel()
	now := time.Now()
	spec := EndpointSpec{ClientCIDR: "10.0.0.0/22", Certificate: "cert-1", Mutual: true, SelfServicePortal: true, ClientOptions: DefaultOptions()}
	_, err := NewEndpoint(spec, now)
	if fields := FieldsOf(err); len(fields) != 1 || fields["self_service_portal"] == "" {
		t.Errorf("certificates alone: got %v", err)
	}
	spec.SelfServicePortal = false
	e, err := NewEndpoint(spec, now)
	if err != nil || e.PortalOpen() {
		t.Errorf("without the portal: %v, open: %t", err, e.PortalOpen())
	}
	edit := EndpointEdit{Version: e.Version, Certificate: e.Certificate, SelfServicePortal: true, ClientOptions: e.ClientOptions}
	if _, err := e.Edit(edit); FieldsOf(err)["self_service_portal"] == "" {
		t.Errorf("modified: got %v", err)
	}
	spec.UserBased, spec.Directory, spec.SelfServicePortal = true, "d-1", true
	if e, err = NewEndpoint(spec, now); err != nil || !e.PortalOpen() {
		t.Errorf("with users: %v, open: %t", err, e.PortalOpen())
	}
	generation := e.Generation
	edit = EndpointEdit{Version: e.Version, Certificate: e.Certificate, ClientOptions: e.ClientOptions}
	if _, err := e.Edit(edit); err != nil || e.PortalOpen() || e.Generation != generation {
		t.Errorf("off: %v, open: %t, generation %d", err, e.PortalOpen(), e.Generation)
	}
	e.SelfServicePortal, e.Deleting = true, true
	if e.PortalOpen() {
		t.Error("an endpoint that is being deleted has the portal")
	}
}
