package endpoint_test

import (
	"net/netip"
	"slices"
	"testing"

	"sallyport/control/controltest"
	"sallyport/control/endpoint"
	"sallyport/store"
	"sallyport/vpn"
)

// answer asks about access to an address.
func (s *site) answer(req endpoint.AccessRequest) endpoint.AccessTest {
	s.T.Helper()
	a, err := s.Endpoints.TestAccess(s.T.Context(), s.Admin, s.Endpoint.ID, req)
	s.Must(err)
	return a
}

func (s *site) see(provider vpn.ProviderID, key, name string, groups ...string) {
	s.T.Helper()
	seen := vpn.Sighting{UserRef: vpn.UserRef{Provider: provider, Key: key}, Name: name, At: s.Clock.Now()}
	for _, g := range groups {
		seen.Groups = append(seen.Groups, vpn.Group{ID: g, Name: "The " + g})
	}
	s.Must(s.Store.Update(s.T.Context(), func(tx *store.Tx) error { return tx.SeeUser(s.T.Context(), seen) }))
}

// The answer about a user counts the groups as last seen and the target networks of the user's connections, names the rules that
// decide and that lose, and the way out.
func TestAccessOfUser(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	d := s.AskPasswords(false)
	provider := vpn.ProviderID(d.ID)
	second := s.Associate(s.B)
	for destination, group := range map[string]string{"10.0.0.0/16": "staff", "10.0.7.0/24": "finance"} {
		_, err := s.Endpoints.Authorize(t.Context(), s.Admin, s.Endpoint.ID, vpn.RuleSpec{Destination: destination, Group: group})
		s.Must(err)
	}
	s.Authorize("0.0.0.0/0")
	s.AddRoute("0.0.0.0/0", s.A)
	s.see(provider, "1", "alice", "staff")
	s.see(provider, "2", "bob", "finance")

	a := s.answer(endpoint.AccessRequest{Destination: " 10.0.7.9 ", User: "ALICE"})
	if a.Verdict != vpn.DenyGroup || a.User.Name != "alice" || len(a.Groups) != 1 || len(a.Deciding) != 1 || a.Deciding[0].Grants || a.Deciding[0].Grantee() != "group The finance (finance)" ||
		len(a.Wider) != 2 || a.Wider[0].Destination.String() != "10.0.0.0/16" {
		t.Errorf("alice: %+v", a)
	}
	if a.Waiting == "" {
		t.Error("rules that the dataplane has not applied are taken for applied")
	}
	s.Reconcile()
	a = s.answer(endpoint.AccessRequest{Destination: "10.0.7.9", User: string(a.User.ID)})
	if a.User.Name != "alice" || a.Waiting != "" || a.EndpointWait != "" {
		t.Errorf("alice by ID: %s %q %q", a.User.Name, a.Waiting, a.EndpointWait)
	}
	if a = s.answer(endpoint.AccessRequest{Destination: "10.0.7.9", User: "bob"}); a.Verdict != vpn.Allow || !a.Deciding[0].Grants || a.Out.Interface != "eth0" {
		t.Errorf("bob: %+v", a)
	}
	if a = s.answer(endpoint.AccessRequest{Destination: "10.0.7.9", Groups: []string{"finance"}}); a.Verdict != vpn.Allow || a.Groups[0].Name != "The finance" {
		t.Errorf("a group: %+v", a)
	}

	// The internet, by a route of one of two associations: it depends on the connection.
	internet := endpoint.AccessRequest{Destination: "198.51.100.7", User: "bob"}
	if a = s.answer(internet); a.Verdict != vpn.Allow || !a.Partly || len(a.Ways) != 2 || a.Connections != 0 {
		t.Errorf("without a connection: %+v", a)
	}
	connect := func(through vpn.AssociationID, ip string) {
		s.Must(s.Store.Update(t.Context(), func(tx *store.Tx) error {
			return tx.CreateConnection(t.Context(), vpn.Connection{ID: vpn.NewConnectionID(), Endpoint: s.Endpoint.ID, Association: through, Session: vpn.NewSessionID(), Status: vpn.ConnectionActive,
				Username: "bob", Provider: provider, UserKey: "2", ClientIP: netip.MustParseAddr(ip), EstablishedAt: s.Clock.Now()})
		}))
	}
	connect(second.ID, "10.40.0.9")
	a = s.answer(internet)
	i := slices.IndexFunc(a.Ways, func(w endpoint.TestedWay) bool { return w.Association == second.ID })
	if a.Verdict != vpn.DenyNoRoute || a.Partly || a.Connections != 1 || a.Ways[i].Connections != 1 || a.Ways[i].Target.SubnetName != "b" || len(a.Ways[1-i].Routes) != 1 {
		t.Errorf("connected through the other subnet: %+v", a)
	}
	connect(s.Association.ID, "10.40.0.10")
	if a = s.answer(internet); a.Verdict != vpn.Allow || !a.Partly {
		t.Errorf("connected through both: %+v", a)
	}
	if a = s.answer(endpoint.AccessRequest{Destination: "10.40.0.9"}); a.Verdict != vpn.DenyOtherClient || a.Holder.Username != "bob" || a.Out.Interface != "" {
		t.Errorf("another client: %+v", a)
	}
	for i := range 300 { // of each of these addresses that of bob's client is a part
		connect(second.ID, netip.AddrFrom4([4]byte{10, 40, byte(i % 3), byte(90 + i/3)}).String())
	}
	if a = s.answer(endpoint.AccessRequest{Destination: "10.40.0.9"}); a.Holder.ClientIP.String() != "10.40.0.9" {
		t.Errorf("among 300 clients with similar addresses %s has the address", a.Holder.ClientIP)
	}
	if a = s.answer(endpoint.AccessRequest{Destination: "10.40.0.8"}); a.Holder.ID != "" {
		t.Errorf("an address that no client has is that of %s", a.Holder.ClientIP)
	}
	if a = s.answer(endpoint.AccessRequest{Destination: "10.20.0.9"}); a.Verdict != vpn.DenyOtherEndpoint || a.Other.Name != "main" {
		t.Errorf("a client of another endpoint: %+v", a)
	}
	if groups, err := s.Endpoints.RuleGroups(t.Context(), s.Admin, s.Endpoint.ID); err != nil || len(groups) != 2 || groups[0].Name != "The finance" || groups[1].ID != "staff" {
		t.Errorf("groups that rules name: %+v, %v", groups, err)
	}
}

// What the dataplane says of its host counts, and where it does not answer, rules and routes are judged all the same.
func TestAccessFollowsHost(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	s.Authorize("10.0.0.0/16")
	s.Reconcile()
	to := endpoint.AccessRequest{Destination: "10.0.1.77"}
	own := netip.MustParseAddr("10.0.1.77")
	for want, way := range map[vpn.Verdict]vpn.WayOut{
		vpn.Allow: {Interface: "lan0"}, vpn.DenyHost: {Own: true, Problem: "It is the host."}, vpn.DenyPolicy: {Forbidden: true}, vpn.DenyNoWay: {Problem: "No route."},
	} {
		s.Dataplane.Do(func() { s.Dataplane.Ways = map[netip.Addr]vpn.WayOut{own: way} })
		if a := s.answer(to); a.Verdict != want {
			t.Errorf("%+v: %s, want %s", way, a.Verdict, want)
		}
	}
	s.Dataplane.Do(func() { s.Dataplane.Down = controltest.ErrDown })
	if a := s.answer(to); a.Verdict != vpn.Allow || a.OutUnknown != "The dataplane does not answer." {
		t.Errorf("without a dataplane: %+v", a)
	}
}

func TestAccessQuestionIsRefused(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	certificates := s.Endpoint.ID
	s.AskPasswords(false)
	s.see("", "carol", "carol")
	ask := func(id vpn.EndpointID, req endpoint.AccessRequest) func() error {
		return func() error { _, err := s.Endpoints.TestAccess(t.Context(), s.Admin, id, req); return err }
	}
	for what, c := range map[string]struct {
		field string
		id    vpn.EndpointID
		req   endpoint.AccessRequest
	}{
		"no address":           {"destination", certificates, endpoint.AccessRequest{}},
		"a name":               {"destination", certificates, endpoint.AccessRequest{Destination: "intranet"}},
		"with a port":          {"destination", certificates, endpoint.AccessRequest{Destination: "10.0.1.77:443"}},
		"a range":              {"destination", certificates, endpoint.AccessRequest{Destination: "10.0.1.0/24"}},
		"IPv6":                 {"destination", certificates, endpoint.AccessRequest{Destination: "fd00::1"}},
		"unknown user":         {"user", s.Endpoint.ID, endpoint.AccessRequest{Destination: "10.0.1.77", User: "never-seen"}},
		"unknown client":       {"user", certificates, endpoint.AccessRequest{Destination: "10.0.1.77", User: "never-seen"}},
		"groups without users": {"group", certificates, endpoint.AccessRequest{Destination: "10.0.1.77", Groups: []string{"staff"}}},
		"user and groups":      {"group", s.Endpoint.ID, endpoint.AccessRequest{Destination: "10.0.1.77", User: "x", Groups: []string{"staff"}}},
	} {
		s.WantBadInput(what, c.field, ask(c.id, c.req))
	}
	var carol vpn.User
	s.Must(s.Store.View(t.Context(), func(tx *store.Tx) (err error) { carol, err = tx.VPNUserNamed(t.Context(), "", "carol"); return err }))
	s.WantBadInput("user of certificates", "user", ask(s.Endpoint.ID, endpoint.AccessRequest{Destination: "10.0.1.77", User: string(carol.ID)}))
	s.WantRefusal("no endpoint", vpn.NotFound, "There is no", ask("cvpn-endpoint-0123456789abcdef0", endpoint.AccessRequest{Destination: "10.0.1.77"}))
}

// A search for an address finds the rules that contain it, the deciding one first.
func TestRulesAreFoundByAddress(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	for _, cidr := range []string{"0.0.0.0/0", "10.0.0.0/16", "10.0.2.0/24", "10.0.2.128/25", "192.0.2.0/24"} {
		s.Authorize(cidr)
	}
	for search, want := range map[string][]string{
		"10.0.2.77":   {"10.0.2.0/24 decides", "10.0.0.0/16 wider", "0.0.0.0/0 wider"},
		"10.0.2.0/24": {"10.0.2.0/24 decides", "10.0.2.128/25 inside", "10.0.0.0/16 wider", "0.0.0.0/0 wider"},
		"8.8.8.8":     {"0.0.0.0/0 decides"},
		"192.0.2":     {"192.0.2.0/24 "},
	} {
		page, err := s.Endpoints.Rules(t.Context(), s.Admin, s.Endpoint.ID, vpn.List{Search: search})
		s.Must(err)
		var got []string
		for _, r := range page.Items {
			got = append(got, r.Destination.String()+" "+string(r.Match))
		}
		if !slices.Equal(got, want) || page.Total != len(want) {
			t.Errorf("%s: %q, want %q", search, got, want)
		}
	}
	page, err := s.Endpoints.Rules(t.Context(), s.Admin, s.Endpoint.ID, vpn.List{Search: "10.0.2.77", Sort: "destination", Size: 1, Page: 2, Filter: map[string]string{"state": string(vpn.RuleAuthorizing)}})
	if err != nil || page.Total != 3 || page.Items[0].Destination.String() != "10.0.0.0/16" {
		t.Errorf("sorted, second page: %+v, %v", page, err)
	}
}
