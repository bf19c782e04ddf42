package endpoint

import (
	"context"
	"maps"
	"net/netip"
	"slices"
	"time"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// Routes lists an endpoint's route table.
func (s *Service) Routes(ctx context.Context, by control.Principal, id vpn.EndpointID, l vpn.List) (vpn.Page[vpn.RouteStatus], error) {
	var out vpn.Page[vpn.RouteStatus]
	var tests []vpn.Probe
	err := s.core.Read(ctx, by, vpn.DescribeClientVpnRoutes, string(id), func(tx *store.Tx) error {
		observed, err := s.core.Observations(ctx, tx, id)
		if err != nil {
			return err
		}
		page := vpn.Page[vpn.Route]{}
		if inMemory(l) {
			page.Items, err = tx.RoutesOf(ctx, id)
		} else {
			page, err = tx.Routes(ctx, id, l)
		}
		if err != nil {
			return err
		}
		warnings, err := routeWarnings(ctx, tx, id)
		if err != nil {
			return err
		}
		out = vpn.MapPage(page, func(r vpn.Route) vpn.RouteStatus {
			status := r.Status(observed[id])
			if r.Removed == 0 {
				status.Warning = warnings[r.Destination]
			}
			return status
		})
		if inMemory(l) {
			out = vpn.Select(out.Items, l, routeFields)
		}
		tests, err = targetTests(ctx, tx, id)
		return err
	})
	if err == nil {
		s.addWays(ctx, out.Items, tests)
	}
	return out, err
}

// addWays asks by which way the host reaches the destinations of routes. Without an answer the list says nothing about it.
func (s *Service) addWays(ctx context.Context, rows []vpn.RouteStatus, tests []vpn.Probe) {
	ways, _ := control.FindWays(ctx, s.dataplane, rows, func(r vpn.RouteStatus) netip.Prefix { return r.Destination })
	for i, r := range rows {
		if w, found := ways[r.Destination]; found && !r.Local() {
			rows[i].Way, rows[i].Doubt = w, r.WayDoubt(w, tests...)
		}
	}
}

// targetTests are the last tests of the target networks of an endpoint.
func targetTests(ctx context.Context, tx *store.Tx, id vpn.EndpointID) ([]vpn.Probe, error) {
	associations, err := tx.AssociationsOf(ctx, id)
	if err != nil {
		return nil, err
	}
	tests, err := tx.Probes(ctx, vpn.IDsOf(associations, func(a vpn.Association) vpn.SubnetID { return a.Subnet })...)
	return slices.Collect(maps.Values(tests)), err
}

// Route gives one route of an endpoint.
func (s *Service) Route(ctx context.Context, by control.Principal, id vpn.EndpointID, route vpn.RouteID) (vpn.RouteStatus, error) {
	var out vpn.RouteStatus
	err := s.core.Read(ctx, by, vpn.DescribeClientVpnRoutes, string(id), func(tx *store.Tx) error {
		r, err := tx.Route(ctx, route)
		if err != nil {
			return err
		}
		if r.Endpoint != id {
			return vpn.NoSuch(vpn.CodeRouteNotFound, "route", string(route))
		}
		observed, err := s.core.Observations(ctx, tx, id)
		out = r.Status(observed[id])
		return err
	})
	return out, err
}

// AddedRoutes is what an administrator should know about new routes: before they are added, and afterwards.
type AddedRoutes struct {
	Routes []vpn.Route
	Did    vpn.Announcement // by the numbers of the moment
}

// AnnounceRoutes tells what CreateRoutes would do, and what is doubtful about the host's way to the destination, where the host tells;
// it changes nothing. The errors are those of CreateRoutes.
func (s *Service) AnnounceRoutes(ctx context.Context, by control.Principal, id vpn.EndpointID, spec vpn.RouteSpec) (out AddedRoutes, err error) {
	var tests []vpn.Probe
	err = s.core.Read(ctx, by, vpn.CreateClientVpnRoute, string(id), func(tx *store.Tx) error {
		e, err := tx.Endpoint(ctx, id)
		if err != nil {
			return err
		}
		out, err = s.addRoutes(ctx, tx, &e, func(t routeTable) ([]vpn.Route, error) {
			return e.AddRoutes(spec, t.associations, t.routes, t.quotas, s.core.Now())
		})
		if err != nil {
			return err
		}
		tests, err = targetTests(ctx, tx, id)
		return err
	})
	if err != nil || out.Routes[0].Local() {
		return out, err
	}
	r := out.Routes[0]
	ways, _ := control.FindWays(ctx, s.dataplane, out.Routes[:1], func(r vpn.Route) netip.Prefix { return r.Destination })
	if doubt := r.WayDoubt(ways[r.Destination], tests...); doubt != "" {
		out.Did.Notes = append(out.Did.Notes, vpn.Sentence{About: "Way to " + r.Destination.String(), Text: doubt})
	}
	return out, nil
}

// CreateRoutes adds a route through each target to the endpoint's route table, in one change. With the consent clients that
// have to learn of it are reconnected. Fields: destination, subnet, description.
func (s *Service) CreateRoutes(ctx context.Context, by control.Principal, id vpn.EndpointID, spec vpn.RouteSpec, consent vpn.Consent) (out AddedRoutes, err error) {
	err = s.changeEndpoint(ctx, by, vpn.CreateClientVpnRoute, id, func(tx *store.Tx, e *vpn.Endpoint, a *vpn.AuditRecord) error {
		out, err = s.addRoutes(ctx, tx, e, func(t routeTable) ([]vpn.Route, error) {
			return e.AddRoutes(spec, t.associations, t.routes, t.quotas, s.core.Now())
		})
		if err != nil {
			return err
		}
		return out.save(ctx, tx, e, consent, a)
	})
	return out, err
}

// routeTable is what new routes are checked against.
type routeTable struct {
	associations []vpn.Association
	routes       []vpn.Route
	quotas       vpn.Quotas
}

// addRoutes makes routes in memory, and tells what they do. Where none are made there is nothing to tell.
func (s *Service) addRoutes(ctx context.Context, tx *store.Tx, e *vpn.Endpoint, add func(routeTable) ([]vpn.Route, error)) (out AddedRoutes, err error) {
	var t routeTable
	if t.associations, err = tx.AssociationsOf(ctx, e.ID); err != nil {
		return out, err
	}
	if t.routes, err = tx.RoutesOf(ctx, e.ID); err != nil {
		return out, err
	}
	var pending error
	t.quotas, pending = s.quotas(ctx, tx, *e)
	out.Routes, err = add(t)
	if err := vpn.Together(pending, err); err != nil || len(out.Routes) == 0 {
		return out, err
	}
	if !out.Routes[0].Local() {
		out.Did.Effect = e.RoutesEffect()
	}
	out.Did.People, out.Did.Connections, err = tx.CountPeople(ctx, time.Time{}, e.ID)
	return out, err
}

// save writes the routes, which are parts of e already, and the record of the change.
func (r AddedRoutes) save(ctx context.Context, tx *store.Tx, e *vpn.Endpoint, consent vpn.Consent, a *vpn.AuditRecord) error {
	e.Reconnect(r.Did.Effect, consent)
	a.After = control.Describe(r.Routes)
	for _, route := range r.Routes {
		if err := tx.CreateRoute(ctx, route); err != nil {
			return err
		}
	}
	return nil
}

// DeleteRoute removes a manual route.
func (s *Service) DeleteRoute(ctx context.Context, by control.Principal, id vpn.EndpointID, route vpn.RouteID) error {
	return s.changeEndpoint(ctx, by, vpn.DeleteClientVpnRoute, id, func(tx *store.Tx, e *vpn.Endpoint, a *vpn.AuditRecord) error {
		r, err := removeRoute(ctx, tx, e, route)
		a.Before = control.Describe(r)
		return err
	})
}

// DeleteRoutes removes manual routes in one change. Those that are refused stay.
func (s *Service) DeleteRoutes(ctx context.Context, by control.Principal, id vpn.EndpointID, routes []vpn.RouteID) (int, []control.RefusedRow, error) {
	return changeSeveral(ctx, s, by, vpn.DeleteClientVpnRoute, id, routes, removeRoute)
}

// removeRoute gives the route as it was.
func removeRoute(ctx context.Context, tx *store.Tx, e *vpn.Endpoint, route vpn.RouteID) (vpn.Route, error) {
	was, err := tx.Route(ctx, route)
	if err != nil {
		return was, err
	}
	r := was
	if err := e.RemoveRoute(&r); err != nil {
		return was, err
	}
	return was, tx.SaveRoute(ctx, r)
}

// RoutesNamed gives those of the routes that an endpoint has.
func (s *Service) RoutesNamed(ctx context.Context, by control.Principal, id vpn.EndpointID, ids []vpn.RouteID) (found []vpn.Route, err error) {
	err = s.core.Read(ctx, by, vpn.DescribeClientVpnRoutes, string(id), func(tx *store.Tx) error { found, err = tx.RoutesOf(ctx, id); return err })
	return slices.DeleteFunc(found, func(r vpn.Route) bool { return !slices.Contains(ids, r.ID) }), err
}
