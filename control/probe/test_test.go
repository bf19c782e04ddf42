package probe_test

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"time"

	"sallyport/control"
	"sallyport/control/controltest"
	"sallyport/vpn"
)

// A target network that is reached by the default route alone is a warning until a host in it answers, by either test.
func TestUntestedUntilAHostAnswers(t *testing.T) {
	t.Parallel()
	s := controltest.NewAssociatedSite(t)
	gateway := netip.MustParseAddr("192.0.2.254")
	s.Dataplane.TargetWays[s.Endpoint.ID] = []vpn.Way{{Association: s.Association.ID, Subnet: s.Association.CIDR, Interface: "eth0", Gateway: gateway, Default: true, Since: s.Clock.Now()}}
	s.Dataplane.ProbeAnswer = vpn.ProbeAnswer{Way: vpn.WayOut{Interface: "eth0", Gateway: gateway, Default: true}, Outcome: vpn.ProbeSilent}
	s.Reconcile()
	warned := func() bool {
		t.Helper()
		v := s.View()
		a := v.Associations[0]
		if a.State != vpn.Associated || v.State != vpn.EndpointAvailable {
			t.Errorf("the target network is %s, the endpoint %s", a.State, v.State)
		}
		if (a.Reason != "") != (v.Trouble == "1 target network not tested") || (a.Reason != "") != (len(v.Faults) == 1) {
			t.Errorf("reason %q, trouble %q, faults %+v", a.Reason, v.Trouble, v.Faults)
		}
		page, err := s.Endpoints.Endpoints(t.Context(), s.Admin, vpn.List{Filter: map[string]string{"state": "trouble"}})
		if err != nil || (page.Total == 1) != (a.Reason != "") || page.Total == 1 && (page.Items[0].Untested != 1 || !page.Items[0].Works) {
			t.Errorf("the list of endpoints with trouble: %+v, %v", page.Items, err)
		}
		return a.Reason != ""
	}
	test := func(spec vpn.ProbeSpec) vpn.Probe {
		t.Helper()
		p, err := s.Probes.Test(t.Context(), s.Admin, s.Endpoint.ID, s.Association.ID, spec)
		s.Must(err)
		return p
	}
	if !warned() {
		t.Error("before a test there is no warning")
	}
	ping := vpn.ProbeSpec{Kind: "icmp", Address: "10.0.1.7"}
	if p := test(ping); p.Reached() || !warned() || !strings.Contains(s.View().Associations[0].Reason, "No answer from 10.0.1.7") {
		t.Errorf("without an answer: %+v, %q", p, s.View().Associations[0].Reason)
	}
	s.Dataplane.ProbeAnswer.Outcome, s.Dataplane.ProbeAnswer.RoundTrip = vpn.ProbeAnswered, time.Millisecond
	if p := test(ping); !p.Reached() || p.By != s.Admin.Name || warned() {
		t.Errorf("after an answer: %+v, still a warning", p)
	}
	if r := s.LastAudit(); r.Action != vpn.TestClientVpnTargetNetwork || r.Subject != string(s.Endpoint.ID) || !strings.Contains(r.After, "10.0.1.7") {
		t.Errorf("audit %+v", r)
	}
	s.Dataplane.ConnectError = syscall.EHOSTUNREACH
	web := vpn.ProbeSpec{Kind: "tcp", Address: "10.0.1.8", Port: "443"}
	if p := test(web); p.Outcome != vpn.ProbeUnreachable || !warned() {
		t.Errorf("without a way: %+v", p)
	}
	s.Dataplane.ConnectError = syscall.ECONNREFUSED
	if p := test(web); p.Outcome != vpn.ProbeRefused || warned() {
		t.Errorf("a closed port: %+v, still a warning", p)
	}
	if v, err := s.Probes.View(t.Context(), s.ReadOnly, s.Endpoint.ID, s.Association.ID); err != nil || v.Association.Test.Port != 443 || v.Association.Way.Gateway != gateway {
		t.Errorf("the page: %+v, %v", v, err)
	}
}

// Nothing is sent before the account, the address and the limit are checked, and none without the dataplane's word on the way.
func TestNothingIsSentUnchecked(t *testing.T) {
	t.Parallel()
	s := controltest.NewAssociatedSite(t)
	spec := vpn.ProbeSpec{Kind: "tcp", Address: "10.0.1.8", Port: "443"}
	ask := func(by control.Principal, id vpn.AssociationID, spec vpn.ProbeSpec) error {
		_, err := s.Probes.Test(t.Context(), by, s.Endpoint.ID, id, spec)
		return err
	}
	s.WantKind("a read-only account", ask(s.ReadOnly, s.Association.ID, spec), vpn.Denied, "")
	s.WantKind("another association", ask(s.Admin, "cvpn-assoc-0123456789abcdef0", spec), vpn.NotFound, "")
	s.WantKind("an address elsewhere", ask(s.Admin, s.Association.ID, vpn.ProbeSpec{Kind: "tcp", Address: "10.0.2.8", Port: "443"}), vpn.Invalid, "")
	if len(s.Dataplane.Probes) != 0 || len(s.Dataplane.Connected) != 0 {
		t.Fatalf("sent %v, opened %v", s.Dataplane.Probes, s.Dataplane.Connected)
	}
	s.Dataplane.RefuseProbe = vpn.Refuse(vpn.Invalid, vpn.CodeInvalidParameterValue, "It is an address of this host itself.")
	s.WantKind("an address of the host", ask(s.Admin, s.Association.ID, spec), vpn.Invalid, "this host itself")
	if len(s.Dataplane.Connected) != 0 {
		t.Errorf("opened %v", s.Dataplane.Connected)
	}
	s.Dataplane.RefuseProbe = nil
	s.Dataplane.ProbeAnswer.Source = netip.MustParseAddr("10.20.0.1")
	s.Must(ask(s.Admin, s.Association.ID, spec))
	if len(s.Dataplane.Connected) != 1 || s.Dataplane.Connected[0].String() != "10.0.1.8:443" || s.Dataplane.ConnectedFrom != s.Dataplane.ProbeAnswer.Source || s.Dataplane.Probes[1].Echo {
		t.Errorf("opened %v from %s, asked %+v", s.Dataplane.Connected, s.Dataplane.ConnectedFrom, s.Dataplane.Probes)
	}
	s.Dataplane.ConnectError = errors.New("operation not permitted")
	gone, cancel := context.WithCancel(t.Context())
	s.Dataplane.Connecting = cancel // the browser leaves meanwhile
	_, err := s.Probes.Test(gone, s.Admin, s.Endpoint.ID, s.Association.ID, spec)
	if r := s.LastAudit(); err == nil || r.Action != vpn.TestClientVpnTargetNetwork || r.Result == "ok" || !strings.Contains(r.After, "10.0.1.8") {
		t.Errorf("a test that came to no outcome: %v, recorded as %+v", err, r)
	}
	gone, cancel = context.WithCancel(t.Context())
	defer cancel()
	s.Dataplane.Connecting, s.Dataplane.ConnectError = cancel, nil
	if _, err := s.Probes.Test(gone, s.Admin, s.Endpoint.ID, s.Association.ID, spec); err != nil || s.LastAudit().Result != "ok" {
		t.Errorf("a test whose request was given up: %v, recorded as %+v", err, s.LastAudit())
	}
	s.Dataplane.Connecting = nil
	s.Dataplane.ConnectError = context.DeadlineExceeded
	for range 10 {
		if err = ask(s.Admin, s.Association.ID, spec); err != nil {
			break
		}
	}
	s.WantKind("too many", err, vpn.Throttled, "several tests")
}
