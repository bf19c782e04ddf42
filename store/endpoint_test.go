package store

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"sallyport/vpn"
)

func secretless(e vpn.Endpoint) vpn.Endpoint {
	e.TLSCrypt, e.TokenSecret = "", ""
	return e
}

func testEndpoint(t *testing.T, s *Store) {
	f := stored(t, s)
	full(t, f.endpoint)
	second := vpn.Endpoint{
		ID: vpn.NewEndpointID(), Name: "backup", ClientCIDR: prefix("100.64.0.0/16"), Certificate: f.server.ID,
		Listen: vpn.Listen{Addr: netip.IPv4Unspecified(), Transport: vpn.UDP, Port: 443},
	}
	update(t, s, func(ctx context.Context, x *Tx) error {
		if err := x.CreateEndpoint(ctx, second); err != nil {
			return err
		}
		same(t, "locked", must[vpn.Endpoint](t)(x.LockEndpoint(ctx, f.endpoint.ID)), f.endpoint)
		_, err := x.LockEndpoint(ctx, "cvpn-endpoint-none")
		wantKind(t, "lock missing", err, vpn.NotFound)
		return nil
	})
	view(t, s, func(ctx context.Context, x *Tx) error {
		same(t, "endpoint", must[vpn.Endpoint](t)(x.Endpoint(ctx, f.endpoint.ID)), f.endpoint)
		same(t, "bare endpoint", must[vpn.Endpoint](t)(x.Endpoint(ctx, second.ID)), second)
		_, err := x.Endpoint(ctx, "cvpn-endpoint-none")
		wantKind(t, "missing", err, vpn.NotFound)
		same(t, "names", must[map[vpn.EndpointID]string](t)(x.EndpointNames(ctx, second.ID, f.endpoint.ID, "cvpn-endpoint-none")),
			map[vpn.EndpointID]string{second.ID: "backup", f.endpoint.ID: f.endpoint.Name})
		same(t, "no names", must[map[vpn.EndpointID]string](t)(x.EndpointNames(ctx)), map[vpn.EndpointID]string{})
		same(t, "subnet names", must[map[vpn.SubnetID]string](t)(x.SubnetNames(ctx, f.a.ID)), map[vpn.SubnetID]string{f.a.ID: f.a.Name})
		same(t, "all", must[[]vpn.Endpoint](t)(x.AllEndpoints(ctx)), []vpn.Endpoint{second, secretless(f.endpoint)})
		for _, c := range []struct {
			l    vpn.List
			want []vpn.Endpoint
		}{
			{vpn.List{}, []vpn.Endpoint{second, f.endpoint}},
			{vpn.List{Sort: "client_cidr"}, []vpn.Endpoint{second, f.endpoint}}, // 100… before 172…
			{vpn.List{Sort: "created_at", Desc: true}, []vpn.Endpoint{f.endpoint, second}},
			{vpn.List{Search: "with a DASH"}, []vpn.Endpoint{f.endpoint}},
			{vpn.List{Search: "100.64."}, []vpn.Endpoint{second}},
		} {
			for i := range c.want {
				c.want[i] = secretless(c.want[i])
			}
			same(t, "endpoints", must[vpn.Page[vpn.Endpoint]](t)(x.Endpoints(ctx, c.l)).Items, c.want)
		}
		return nil
	})
	for what, change := range map[string]func(*vpn.Endpoint){
		"same client CIDR": func(e *vpn.Endpoint) { e.ClientCIDR = f.endpoint.ClientCIDR },
		"same port":        func(e *vpn.Endpoint) { e.Listen = f.endpoint.Listen },
		"no certificate":   func(e *vpn.Endpoint) { e.Certificate = "cert-none" },
		"no authority":     func(e *vpn.Endpoint) { e.ClientCA = "cert-none" },
		"no directory":     func(e *vpn.Endpoint) { e.Directory = "d-none" },
		"no SAML provider": func(e *vpn.Endpoint) { e.SAML = "saml-none" },
		"no portal":        func(e *vpn.Endpoint) { e.PortalSAML = "saml-none" },
		"no network":       func(e *vpn.Endpoint) { e.Network = "vpc-none" },
	} {
		e := second
		e.ID, e.ClientCIDR, e.Listen.Port = vpn.NewEndpointID(), prefix("100.65.0.0/16"), 1194
		change(&e)
		wantKind(t, what, attempt(t, s, func(ctx context.Context, x *Tx) error { return x.CreateEndpoint(ctx, e) }), vpn.Conflict)
	}
}

func testEndpointSave(t *testing.T, s *Store) {
	f := stored(t, s)
	e := f.endpoint
	e.Name, e.Description, e.Certificate, e.ClientCA, e.SecondCA = "New name", "other", f.authority.ID, f.server.ID, ""
	e.Listen.Port, e.SplitTunnel, e.SourceNAT, e.SessionTimeout = 1194, false, false, time.Minute
	e.Network, e.NetworkChosen, e.Tags, e.TLSCrypt, e.TokenSecret = "", false, nil, "new static", "new token"
	e.Generation, e.Deleting, e.Version = 9, false, 8
	read := func() (got vpn.Endpoint) {
		view(t, s, func(ctx context.Context, x *Tx) (err error) { got, err = x.Endpoint(ctx, e.ID); return err })
		return got
	}
	save := func(e vpn.Endpoint) {
		t.Helper()
		update(t, s, func(ctx context.Context, x *Tx) error { return x.SaveEndpoint(ctx, e) })
	}
	save(e)
	same(t, "saved", read(), e)
	save(secretless(e))
	same(t, "saved without secrets", read(), e)
	changed := e
	changed.ClientCIDR, changed.Listen.Transport, changed.CreatedAt = prefix("10.0.0.0/16"), vpn.UDP, time.Now()
	save(changed)
	same(t, "saved with immutable ones changed", read(), e)
	view(t, s, func(ctx context.Context, x *Tx) error {
		for search, want := range map[string]int{"new NAME": 1, "172.20.0.0": 1, "main": 0, "10.0.0.0": 0} {
			if p := must[vpn.Page[vpn.Endpoint]](t)(x.Endpoints(ctx, vpn.List{Search: search})); p.Total != want {
				t.Errorf("search %q after the change: got %d, want %d", search, p.Total, want)
			}
		}
		return nil
	})
	e.ID = "cvpn-endpoint-none"
	wantKind(t, "missing", attempt(t, s, func(ctx context.Context, x *Tx) error { return x.SaveEndpoint(ctx, e) }), vpn.NotFound)
}

func testEndpointDelete(t *testing.T, s *Store) {
	f := stored(t, s)
	id := f.endpoint.ID
	c := vpn.Connection{ID: vpn.NewConnectionID(), Endpoint: id, Status: vpn.ConnectionTerminated, EstablishedAt: at, EndedAt: at}
	update(t, s, func(ctx context.Context, x *Tx) error {
		for _, err := range []error{
			x.CreateRule(ctx, vpn.Rule{ID: vpn.NewRuleID(), Endpoint: id, Destination: prefix("0.0.0.0/0"), AllUsers: true}),
			x.CreateRoute(ctx, vpn.Route{ID: vpn.NewRouteID(), Endpoint: id, Association: f.firstAssoc.ID, Subnet: f.a.ID, Destination: prefix("10.1.0.0/16")}),
			x.SaveObservation(ctx, vpn.Observation{Endpoint: id, Node: "n"}),
			x.CreateAttempt(ctx, vpn.RefusedAttempt{Endpoint: id}, at),
			x.CreateConnection(ctx, c),
		} {
			if err != nil {
				return err
			}
		}
		return nil
	})
	update(t, s, func(ctx context.Context, x *Tx) error { return x.DeleteEndpoint(ctx, id) })
	view(t, s, func(ctx context.Context, x *Tx) error {
		if n := len(must[[]vpn.Association](t)(x.AssociationsOf(ctx, id))) + len(must[[]vpn.Rule](t)(x.RulesOf(ctx, id))) +
			len(must[[]vpn.Route](t)(x.RoutesOf(ctx, id))) + len(must[map[vpn.EndpointID]vpn.Observation](t)(x.Observations(ctx, id))) +
			len(must[[]vpn.Attempt](t)(x.Attempts(ctx, id, 10))); n != 0 {
			t.Errorf("%d parts outlive the endpoint", n)
		}
		same(t, "connection", must[vpn.Connection](t)(x.Connection(ctx, c.ID)), c)
		return nil
	})
	wantKind(t, "deleted twice", attempt(t, s, func(ctx context.Context, x *Tx) error { return x.DeleteEndpoint(ctx, id) }), vpn.NotFound)
	// Reports and events of a deleted endpoint still arrive; no transaction may fail for them.
	update(t, s, func(ctx context.Context, x *Tx) error {
		if err := x.SaveObservation(ctx, vpn.Observation{Endpoint: id, Node: "n"}); err != nil {
			return err
		}
		return x.CreateAttempt(ctx, vpn.RefusedAttempt{Endpoint: id}, at)
	})
}

func testObservation(t *testing.T, s *Store) {
	f := stored(t, s)
	o := vpn.Observation{
		Endpoint: f.endpoint.ID, Node: "n1", Applied: 1<<63 + 1, SeenAt: at,
		Faults: []vpn.Fault{{Subject: "x", Message: "It is \"wrong\" <here>.", Since: at.UTC()}},
		Ways:   []vpn.Way{{Association: f.firstAssoc.ID, Subnet: prefix("10.0.1.0/24"), Interface: "eth1", Gateway: netip.MustParseAddr("10.0.0.254"), Default: true, Since: at.UTC()}},
	}
	full(t, o, "Fresh", "Untested")
	read := func() (got map[vpn.EndpointID]vpn.Observation) {
		view(t, s, func(ctx context.Context, x *Tx) (err error) {
			got, err = x.Observations(ctx, o.Endpoint, "other")
			return err
		})
		return got
	}
	if got := read(); len(got) != 0 {
		t.Errorf("before any: %v", got)
	}
	for _, o := range []vpn.Observation{o, {Endpoint: o.Endpoint, Node: "n1", Applied: 3, SeenAt: at.Add(time.Second)}} {
		update(t, s, func(ctx context.Context, x *Tx) error { return x.SaveObservation(ctx, o) })
		same(t, "observation", read()[o.Endpoint], o)
	}
	older := vpn.Observation{Endpoint: o.Endpoint, Node: "n0", Applied: 9, SeenAt: at}
	update(t, s, func(ctx context.Context, x *Tx) error { return x.SaveObservation(ctx, older) })
	if got := read()[o.Endpoint]; got.Node != "n1" {
		t.Errorf("of two nodes got %s, want the later report, n1's", got.Node)
	}
}

func testRemoved(t *testing.T, s *Store) {
	f := stored(t, s)
	id := f.endpoint.ID
	f.firstAssoc.Removed = 10
	update(t, s, func(ctx context.Context, x *Tx) error {
		if err := x.SaveAssociation(ctx, f.firstAssoc); err != nil {
			return err
		}
		for i, removed := range []uint64{0, 9, 10, 11} {
			cidr := prefix([]string{"10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24", "10.0.3.0/24"}[i])
			change := vpn.Generations{Added: 1, Removed: removed}
			if err := x.CreateRule(ctx, vpn.Rule{ID: vpn.NewRuleID(), Endpoint: id, Destination: cidr, AllUsers: true, Generations: change}); err != nil {
				return err
			}
			r := vpn.Route{ID: vpn.NewRouteID(), Endpoint: id, Destination: cidr, Generations: change}
			if removed == 10 {
				r.Association, r.Subnet = f.firstAssoc.ID, f.a.ID
			}
			if err := x.CreateRoute(ctx, r); err != nil {
				return err
			}
		}
		return nil
	})
	for _, step := range []struct {
		applied            uint64
		gone, rules, assoc int
	}{{8, 0, 4, 1}, {10, 5, 2, 0}, {10, 0, 2, 0}, {1<<64 - 1, 2, 1, 0}} {
		update(t, s, func(ctx context.Context, x *Tx) error {
			gone := must[int](t)(x.DropRemoved(ctx, id, step.applied))
			rules, routes := must[[]vpn.Rule](t)(x.RulesOf(ctx, id)), must[[]vpn.Route](t)(x.RoutesOf(ctx, id))
			assoc := must[[]vpn.Association](t)(x.AssociationsOf(ctx, id))
			if gone != step.gone || len(rules) != step.rules || len(routes) != step.rules || len(assoc) != step.assoc {
				t.Errorf("applied %d: %d gone, %d rules, %d routes, %d associations; want %+v", step.applied, gone, len(rules), len(routes), len(assoc), step)
			}
			return nil
		})
	}
	update(t, s, func(ctx context.Context, x *Tx) error { // nothing refers to the subnet any more
		return x.DeleteSubnet(ctx, f.a.ID)
	})
}
