package tutorial_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/control"
	"sallyport/control/certificate"
	"sallyport/control/controltest"
	"sallyport/control/endpoint"
	"sallyport/control/tutorial"
	"sallyport/vpn"
)

// ticks is the tutorial as text: the key of each step that is done, and the next one in brackets.
func (h *site) ticks() string {
	h.T.Helper()
	steps, err := h.Tutorial.GettingStarted(h.T.Context(), h.ReadOnly)
	h.Must(err)
	var words []string
	for _, s := range steps {
		if s.Done {
			words = append(words, string(s.Key))
		}
		if s.Next {
			words = append(words, "["+string(s.Key)+"]")
		}
	}
	return strings.Join(words, " ")
}

// A step is done once it is applied, and no longer when it is undone.
func TestGettingStarted(t *testing.T) {
	t.Parallel()
	s := &site{&controltest.Site{Kit: controltest.NewWithAccounts(t)}}
	ctx := t.Context()
	want := func(what, ticks string) {
		t.Helper()
		if got := s.ticks(); got != "public-name "+ticks {
			t.Errorf("%s: got %q, want %q", what, got, ticks)
		}
	}
	want("nothing", "[prerequisites]")
	var err error
	s.Network, err = s.Networks.CreateNetwork(ctx, s.Admin, vpn.NetworkSpec{Name: "office", CIDRs: "10.0.0.0/16"})
	s.Must(err)
	want("a network without subnets", "[prerequisites]")
	steps, err := s.Tutorial.GettingStarted(ctx, s.ReadOnly)
	s.Must(err)
	if steps[1].Network != s.Network.ID || steps[1].Note != "Network "+s.Network.Label()+" has no subnet yet." {
		t.Errorf("got %+v", steps[1])
	}
	s.A, err = s.Networks.CreateSubnet(ctx, s.Admin, s.Network.ID, vpn.SubnetSpec{CIDR: "10.0.1.0/24", Zone: "zone-a"})
	s.Must(err)
	want("a subnet", "prerequisites [certificates]")
	s.CA, err = s.Certificates.CreateAuthority(ctx, s.Admin, certificate.AuthoritySpec{CommonName: "Our CA", KeyType: vpn.ECDSAP256})
	s.Must(err)
	s.Server = s.Issue(vpn.UseServer, "vpn.example.test")
	want("one certificate", "prerequisites [certificates]")
	d, err := s.Identity.CreateDirectory(ctx, s.Admin, controltest.DirectorySpec())
	s.Must(err)
	want("people sign in at a directory: a server certificate is enough", "prerequisites sign-in certificates [endpoint]")
	s.Must(s.Identity.DeleteDirectory(ctx, s.Admin, d.ID))
	s.Alice = s.Issue(vpn.UseClient, "alice")
	want("both certificates", "prerequisites certificates [endpoint]")
	s.Endpoint = s.CreateEndpoint("main", "10.20.0.0/22", "")
	want("an endpoint", "prerequisites certificates endpoint [association]")
	s.Association = s.Associate(s.A)
	want("asked for, not applied", "prerequisites certificates endpoint [association]")
	s.Reconcile()
	want("applied", "prerequisites certificates endpoint association [rule]")
	rule := s.Authorize("10.0.0.0/16")
	want("a rule that waits", "prerequisites certificates endpoint association [rule]")
	s.Reconcile()
	want("a rule", "prerequisites certificates endpoint association rule [internet]")
	s.Authorize("0.0.0.0/0")
	route := s.AddRoute("0.0.0.0/0", s.A)[0]
	want("the internet, not applied", "prerequisites certificates endpoint association rule [internet]")
	s.Reconcile()
	want("the internet", "prerequisites certificates endpoint association rule internet [configuration]")
	_, err = s.Endpoints.ClientConfiguration(ctx, s.Admin, s.Endpoint.ID, "")
	s.Must(err)
	want("the file", "prerequisites certificates endpoint association rule internet configuration [connect]")
	s.Connect("alice")
	want("connected", "prerequisites certificates endpoint association rule internet configuration connect")

	s.Must(s.Endpoints.Revoke(ctx, s.Admin, s.Endpoint.ID, rule.ID))
	want("the rule is undone", "prerequisites certificates endpoint association [rule] internet configuration connect")
	s.Must(s.Endpoints.DeleteRoute(ctx, s.Admin, s.Endpoint.ID, route.ID))
	s.Reconcile()
	want("the internet is undone", "prerequisites certificates endpoint association [rule] configuration connect")
	s.Must(s.Endpoints.Disassociate(ctx, s.Admin, s.Endpoint.ID, s.Association.ID))
	want("the association is undone", "prerequisites certificates endpoint [association] configuration connect")
	s.Reconcile()
	s.Must(s.Endpoints.DeleteEndpoint(ctx, s.Admin, s.Endpoint.ID, "delete"))
	want("the endpoint is being deleted", "prerequisites certificates [endpoint]")
}

// The steps are about the endpoint that has most of them done, and say what it waits for.
func TestGettingStartedFollowsTheBest(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	best := s.CreateEndpoint("best", "10.30.0.0/22", "1194")
	_, err := s.Endpoints.Associate(t.Context(), s.Admin, best.ID, endpoint.AssociationSpec{Subnet: s.A.ID})
	s.Must(err)
	s.Reconcile()
	steps, err := s.Tutorial.GettingStarted(t.Context(), s.ReadOnly)
	s.Must(err)
	if steps[5].Key != tutorial.Association || !steps[5].Done || steps[5].Endpoint != (vpn.EndpointRef{ID: best.ID, Name: "best"}) {
		t.Errorf("got %+v", steps[5])
	}
	s.Dataplane.Down = controltest.ErrDown
	s.Clock.Pass(vpn.ObservationLife + time.Second)
	_, err = s.Endpoints.Authorize(t.Context(), s.Admin, best.ID, vpn.RuleSpec{Destination: "10.0.0.0/16", AllUsers: true})
	s.Must(err)
	steps, err = s.Tutorial.GettingStarted(t.Context(), s.ReadOnly)
	s.Must(err)
	if steps[6].Done || !strings.Contains(steps[6].Note, "has not answered") {
		t.Errorf("got %+v", steps[6])
	}
}

// Without a public name the first step is to set one; it says what configuration files would name.
func TestGettingStartedAsksForTheName(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	settings := control.Settings{FallbackAddress: "192.0.2.1"}
	services := s.NewServices(controltest.Options{Settings: &settings})
	first := func() tutorial.Step {
		t.Helper()
		steps, err := services.Tutorial.GettingStarted(t.Context(), s.ReadOnly)
		s.Must(err)
		return steps[0]
	}
	if got := first(); got.Key != tutorial.PublicName || got.Done || !got.Next || !strings.Contains(got.Note, "would name 192.0.2.1") {
		t.Errorf("got %+v", got)
	}
	if c, err := services.Endpoints.EndpointChoices(t.Context(), s.Admin, ""); err != nil || !c.Unnamed || c.OwnAddress != "192.0.2.1" {
		t.Errorf("the form of an endpoint: got %+v, %v", c, err)
	}
	s.Set(s.Admin, "vpn_domain", "vpn.example.test")
	if got := first(); !got.Done || got.Note != "" {
		t.Errorf("with a VPN domain: got %+v", got)
	}
}

// Without split-tunnel clients lose the internet, so that its step is needed; a rule that opens nothing of the network is none.
func TestGettingStartedNeedsTheInternet(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.Association = s.Associate(s.A)
	s.Reconcile()
	step := func(key tutorial.Key) tutorial.Step {
		t.Helper()
		steps, err := s.Tutorial.GettingStarted(t.Context(), s.ReadOnly)
		s.Must(err)
		return steps[slices.IndexFunc(steps, func(s tutorial.Step) bool { return s.Key == key })]
	}
	if got := step(tutorial.Internet); got.Done || got.Optional || !got.Needed || !strings.Contains(got.Note, "no route and no authorization rule leads to 0.0.0.0/0") {
		t.Errorf("full tunnel: %+v", got)
	}
	s.Authorize("172.16.0.0/12")
	s.Reconcile()
	if got := step(tutorial.Rule); got.Done || !strings.Contains(got.Note, "172.16.0.0/12") || !got.Destination.IsValid() {
		t.Errorf("a rule about another network: %+v", got)
	}
	s.Authorize("10.0.1.0/24")
	s.Reconcile()
	if got := step(tutorial.Rule); !got.Done || got.Note != "" {
		t.Errorf("a rule about a part of the network: %+v", got)
	}
	if v, err := s.Endpoints.Endpoint(t.Context(), s.Admin, s.Endpoint.ID); err != nil || !strings.Contains(v.InternetWarning, "Split-tunnel is disabled") {
		t.Errorf("the endpoint: %q, %v", v.InternetWarning, err)
	}
	c := s.Connect("alice")
	s.AddEvents(vpn.Event{Ended: &vpn.Ended{Connection: c.ID, Endpoint: s.Endpoint.ID, Reason: "The client left."}})
	if got := step(tutorial.Connect); !got.Done {
		t.Errorf("every client has left: %+v", got)
	}
}
