package network_test

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/control/endpoint"
	"sallyport/store"
	"sallyport/vpn"
)

// edit is the site's network as stored, with what the test changes.
func (s *site) edit(change func(*vpn.NetworkEdit)) vpn.NetworkEdit {
	s.T.Helper()
	n, err := s.Networks.Network(s.T.Context(), s.Admin, s.Network.ID)
	s.Must(err)
	in := vpn.NetworkEdit{Version: n.Version, Name: n.Name, Description: n.Description, Tags: n.Tags}
	for _, p := range n.CIDRs {
		in.CIDRs += p.String() + "\n"
	}
	change(&in)
	return in
}

// routes are the endpoint's route table: destination, origin and subnet of what is not being removed.
func (s *site) routes(id vpn.EndpointID) string {
	s.T.Helper()
	var out []string
	s.Must(s.Store.View(s.T.Context(), func(tx *store.Tx) error {
		list, err := tx.RoutesOf(s.T.Context(), id)
		for _, r := range list {
			if r.Removed == 0 {
				out = append(out, fmt.Sprintf("%s %s %t", r.Destination, r.Origin, r.Subnet == s.A.ID))
			}
		}
		return err
	}))
	return strings.Join(out, ", ")
}

func (s *site) connect(user string, endpoint vpn.EndpointID) {
	s.T.Helper()
	s.Must(s.Store.Update(s.T.Context(), func(tx *store.Tx) error {
		return tx.CreateConnection(s.T.Context(), vpn.Connection{
			ID: vpn.NewConnectionID(), Endpoint: endpoint, Session: vpn.NewSessionID(), Node: "node-1", Status: vpn.ConnectionActive, Username: user,
			CommonName: user, ClientIP: netip.MustParseAddr("10.20.0.2"), EstablishedAt: s.Clock.Now().Add(-time.Hour),
		})
	}))
}

// Name, description and tags are changed without a word to endpoints.
func TestNetworkDetails(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	ctx := t.Context()
	s.connect("alice", s.Endpoint.ID)
	generation := s.View().Generation
	in := s.edit(func(in *vpn.NetworkEdit) {
		in.Name, in.Description, in.Tags = "head office", "Berlin", []vpn.Tag{{Key: "site", Value: "berlin"}}
	})
	told, err := s.Networks.AnnounceNetworkEdit(ctx, s.Admin, s.Network.ID, in)
	s.Must(err)
	if told.Did.Kind() != "" || len(told.Endpoints) != 0 {
		t.Errorf("announced %+v", told)
	}
	_, err = s.Networks.EditNetwork(ctx, s.Admin, s.Network.ID, in)
	s.Must(err)
	n, err := s.Networks.Network(ctx, s.ReadOnly, s.Network.ID)
	s.Must(err)
	if n.Name != "head office" || n.Description != "Berlin" || len(n.Tags) != 1 || n.Version != 2 || s.View().Generation != generation {
		t.Errorf("stored %+v, generation %d", n, s.View().Generation)
	}
	if r := s.LastAudit(); r.Action != vpn.ModifyVpc || r.Subject != string(s.Network.ID) || !strings.Contains(r.Before, "office") || !strings.Contains(r.After, "Berlin") {
		t.Errorf("the record is %+v", r)
	}
	s.WantRefusal("the second save", vpn.Stale, "Another administrator changed this network", func() error {
		_, err := s.Networks.EditNetwork(ctx, s.Admin, s.Network.ID, in)
		return err
	})
	_, err = s.Networks.EditNetwork(ctx, s.ReadOnly, s.Network.ID, s.edit(func(*vpn.NetworkEdit) {}))
	s.WantKind("a read-only account", err, vpn.Denied, "")
	sub, err := s.Networks.EditSubnet(ctx, s.Admin, s.A.ID, vpn.SubnetEdit{Version: 1, Name: "ground floor", Description: "desks", Tags: []vpn.Tag{{Key: "floor", Value: "0"}}})
	s.Must(err)
	stored, err := s.Networks.Subnet(ctx, s.Admin, s.A.ID)
	if err != nil || sub.Name != "ground floor" || stored.Description != "desks" || stored.Tags[0].Value != "0" || stored.Version != 2 || stored.CIDR != s.A.CIDR {
		t.Errorf("stored %+v, %v", stored, err)
	}
	if r := s.LastAudit(); r.Action != vpn.ModifySubnet || !strings.Contains(r.After, "ground floor") {
		t.Errorf("the record is %+v", r)
	}
	s.WantRefusal("the second save of a subnet", vpn.Stale, "changed this subnet", func() error {
		_, err := s.Networks.EditSubnet(ctx, s.Admin, s.A.ID, vpn.SubnetEdit{Version: 1})
		return err
	})
	s.WantBadInput("a subnet's name", "name", func() error {
		_, err := s.Networks.EditSubnet(ctx, s.Admin, s.A.ID, vpn.SubnetEdit{Version: 2, Name: "<b>"})
		return err
	})
}

// The routes of every endpoint with the network follow its ranges, and of no other one; who is connected is told as was announced.
func TestRoutesFollowTheNetwork(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	ctx := t.Context()
	second := s.CreateEndpoint("branch", "10.30.0.0/22", "1194")
	_, err := s.Endpoints.Associate(ctx, s.Admin, second.ID, endpoint.AssociationSpec{Subnet: s.B.ID})
	s.Must(err)
	idle := s.CreateEndpoint("idle", "10.40.0.0/22", "1195")
	_, err = s.Endpoints.CreateRoutes(ctx, s.Admin, s.Endpoint.ID, vpn.RouteSpec{Destination: "10.9.0.0/16", Targets: []string{string(s.A.ID)}, Description: "lab"}, vpn.Consent{})
	s.Must(err)
	view := s.View()
	options := view.ClientOptions
	options.SplitTunnel = true
	_, err = s.Endpoints.EditEndpoint(ctx, s.Admin, s.Endpoint.ID, vpn.EndpointEdit{Version: view.Version, Name: "main", Certificate: s.Server.ID, Port: "443", ClientOptions: options})
	s.Must(err)
	s.Reconcile()
	s.connect("alice", s.Endpoint.ID)
	s.connect("bob", second.ID)
	s.connect("carol", idle.ID)

	// The route that was made by hand is the automatic one from now on: nothing changes for the first endpoint.
	more := s.edit(func(in *vpn.NetworkEdit) { in.CIDRs += "10.9.0.0/16" })
	told, err := s.Networks.AnnounceNetworkEdit(ctx, s.Admin, s.Network.ID, more)
	s.Must(err)
	if told.Did.Kind() != "now note" || told.Did.People != 1 || len(told.Endpoints) != 1 || told.Endpoints[0].Name != "branch" {
		t.Errorf("announced %q to %d of %+v", told.Did.Kind(), told.Did.People, told.Endpoints)
	}
	if len(told.Unruled) != 2 || len(told.Adopted) != 1 || told.Adopted[0].Endpoint.Name != "main" || told.Adopted[0].Ranges[0].String() != "10.9.0.0/16" {
		t.Errorf("told of missing rules %+v and of routes that become automatic %+v", told.Unruled, told.Adopted)
	}
	if got := s.routes(second.ID); got != "10.0.0.0/16 associate false" {
		t.Fatalf("the announcement changed the routes: %s", got)
	}
	s.WantRefusal("unannounced", vpn.Conflict, "is different now", func() error {
		_, err := s.Networks.EditNetwork(ctx, s.Admin, s.Network.ID, more)
		return err
	})
	more.Consent = vpn.Consent{Announced: told.Did.Kind()}
	_, err = s.Networks.EditNetwork(ctx, s.Admin, s.Network.ID, more)
	s.Must(err)
	if got := s.routes(s.Endpoint.ID); got != "10.0.0.0/16 associate true, 10.9.0.0/16 associate true" {
		t.Errorf("routes of the first endpoint: %s", got)
	}
	if got := s.routes(second.ID); got != "10.0.0.0/16 associate false, 10.9.0.0/16 associate false" {
		t.Errorf("routes of the second endpoint: %s", got)
	}
	if got := s.routes(idle.ID); got != "" {
		t.Errorf("routes of the endpoint without a target network: %s", got)
	}
	if r := s.LastAudit(); !strings.Contains(r.After, "branch") || strings.Contains(r.Before, "10.9.0.0") {
		t.Errorf("the record is %+v", r)
	}

	// Split-tunnel: clients learn of the new range by a reconnect, if the administrator wants it.
	s.Reconcile()
	more = s.edit(func(in *vpn.NetworkEdit) { in.CIDRs += "10.10.0.0/16" })
	told, err = s.Networks.AnnounceNetworkEdit(ctx, s.Admin, s.Network.ID, more)
	s.Must(err)
	if told.Did.Kind() != "next now note" || told.Did.People != 2 || told.Did.Connections != 2 {
		t.Errorf("announced %q to %d", told.Did.Kind(), told.Did.People)
	}
	more.Consent = vpn.Consent{Announced: told.Did.Kind(), Reconnect: true}
	_, err = s.Networks.EditNetwork(ctx, s.Admin, s.Network.ID, more)
	s.Must(err)
	var stored map[vpn.EndpointID]vpn.Endpoint
	s.Must(s.Store.View(ctx, func(tx *store.Tx) (err error) {
		stored, err = tx.EndpointsByID(ctx, s.Endpoint.ID, second.ID)
		return err
	}))
	if e := stored[s.Endpoint.ID]; e.PushGeneration != e.Generation {
		t.Errorf("clients under split-tunnel are reconnected for generation %d of %d", e.PushGeneration, e.Generation)
	}
	if e := stored[second.ID]; e.PushGeneration != 0 {
		t.Errorf("clients of the endpoint without split-tunnel are reconnected for generation %d", e.PushGeneration)
	}

	// The dataplane has it, and a range that goes takes its routes along.
	s.Reconcile()
	desired := s.Dataplane.Desired[second.ID]
	if got := desired.Associations[0].Routes; !slices.Contains(got, netip.MustParsePrefix("10.10.0.0/16")) {
		t.Errorf("the dataplane has the routes %v", got)
	}
	less := s.edit(func(in *vpn.NetworkEdit) { in.CIDRs = "10.0.0.0/16 10.10.0.0/16" })
	_, err = s.Networks.EditNetwork(ctx, s.Admin, s.Network.ID, less)
	if !errors.Is(err, vpn.ErrUnannounced) {
		t.Errorf("a range was removed unannounced: %v", err)
	}
	less.Consent.Announced = "next cut"
	_, err = s.Networks.EditNetwork(ctx, s.Admin, s.Network.ID, less)
	s.Must(err)
	if got := s.routes(s.Endpoint.ID); got != "10.0.0.0/16 associate true, 10.10.0.0/16 associate true" {
		t.Errorf("routes of the first endpoint: %s", got)
	}
}

// What an endpoint or a subnet forbids is said beside the ranges, and changes nothing.
func TestNetworkEditIsRefused(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	ctx := t.Context()
	for _, c := range []struct {
		what, field string
		change      func(*vpn.NetworkEdit)
	}{
		{"a subnet outside", "cidrs", func(in *vpn.NetworkEdit) { in.CIDRs = "10.0.0.0/23" }},
		{"the client CIDR", "cidrs", func(in *vpn.NetworkEdit) { in.CIDRs += "10.20.0.0/16" }},
		{"six ranges", "cidrs", func(in *vpn.NetworkEdit) { in.CIDRs += "10.1.0.0/16 10.2.0.0/16 10.3.0.0/16 10.4.0.0/16 10.5.0.0/16" }},
		{"no name", "name", func(in *vpn.NetworkEdit) { in.Name = "" }},
	} {
		s.WantBadInput(c.what, c.field, func() error {
			_, err := s.Networks.EditNetwork(ctx, s.Admin, s.Network.ID, s.edit(c.change))
			return err
		})
	}
	s.WantRefusal("no such network", vpn.NotFound, "no network", func() error {
		_, err := s.Networks.EditNetwork(ctx, s.Admin, vpn.NewNetworkID(), vpn.NetworkEdit{Name: "x", CIDRs: "10.0.0.0/16"})
		return err
	})
	for range 5 { // two changes each, that the dataplane does not apply
		r := s.Authorize("10.0.0.0/16")
		s.Must(s.Endpoints.Revoke(ctx, s.Admin, s.Endpoint.ID, r.ID))
	}
	s.WantRefusal("an endpoint with pending changes", vpn.Conflict, "Endpoint main", func() error {
		_, err := s.Networks.EditNetwork(ctx, s.Admin, s.Network.ID, s.edit(func(in *vpn.NetworkEdit) { in.CIDRs += "10.9.0.0/16" }))
		return err
	})
	_, err := s.Networks.EditNetwork(ctx, s.Admin, s.Network.ID, s.edit(func(in *vpn.NetworkEdit) { in.Name = "a name alone" }))
	s.Must(err)
}
