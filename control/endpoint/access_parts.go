package endpoint

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"strings"

	"sallyport/store"
	"sallyport/vpn"
)

// accessParts is what an answer is made of.
type accessParts struct {
	endpoint     vpn.Endpoint
	observed     vpn.Observation
	associations []vpn.AssociationStatus
	rules        []vpn.RuleStatus
	routes       []vpn.Route
	others       []vpn.Endpoint // the other endpoints
	connections  []vpn.Connection
	holder       vpn.Connection      // of the client that has the address
	through      []vpn.AssociationID // that the connections of the user have
}

func (p *accessParts) read(ctx context.Context, s *Service, tx *store.Tx, id vpn.EndpointID) (err error) {
	if p.endpoint, err = tx.Endpoint(ctx, id); err != nil {
		return err
	}
	observed, err := s.core.Observations(ctx, tx, id)
	if err != nil {
		return err
	}
	p.observed = observed[id]
	if p.associations, err = s.associationRows(ctx, tx, id, p.observed); err != nil {
		return err
	}
	rules, err := tx.RulesOf(ctx, id)
	if err != nil {
		return err
	}
	for _, r := range rules {
		p.rules = append(p.rules, r.Status(p.observed))
	}
	if err := nameGroups(ctx, tx, p.endpoint, p.rules); err != nil {
		return err
	}
	if p.routes, err = tx.RoutesOf(ctx, id); err != nil {
		return err
	}
	all, err := tx.AllEndpoints(ctx)
	p.others = slices.DeleteFunc(all, func(e vpn.Endpoint) bool { return e.ID == id })
	return err
}

// readHolder finds the client that has an address.
func (p *accessParts) readHolder(ctx context.Context, tx *store.Tx, to netip.Addr) (err error) {
	if p.endpoint.ClientCIDR.Contains(to) {
		p.holder, err = tx.ConnectionAt(ctx, p.endpoint.ID, to)
	}
	return err
}

func (p *accessParts) desired() vpn.Desired {
	in := vpn.DesiredInput{Endpoint: p.endpoint, Associations: plainAssociations(p.associations), Routes: p.routes}
	for _, r := range p.rules {
		in.Rules = append(in.Rules, r.Rule)
	}
	return in.Desired()
}

// readUser finds who the question is about, with the groups that count and the connections. Fields: user, group.
func (p *accessParts) readUser(ctx context.Context, tx *store.Tx, req AccessRequest) (out AccessTest, err error) {
	var c vpn.Check
	out.Endpoint = p.endpoint
	name := strings.TrimSpace(req.User)
	for _, g := range req.Groups {
		if vpn.WellFormedGroupID(g) && len(out.Groups) < vpn.MaxGroups {
			out.Groups = append(out.Groups, vpn.Group{ID: vpn.CanonicalGroup(g), Name: p.groupName(g)})
		}
	}
	switch {
	case len(out.Groups) > 0 && !p.endpoint.UserBased():
		c.Bad("group", "Clients of this endpoint have certificates, which belong to no group.")
	case name != "" && len(out.Groups) > 0:
		c.Bad("group", "A user is named, whose own groups count. Clear one of the two.")
	}
	if name == "" || c.Err() != nil {
		return out, c.Err()
	}
	if out.User, err = accessUser(ctx, tx, p.endpoint, name); err != nil {
		return out, err
	}
	groups, err := tx.VPNGroupsOf(ctx, out.User.ID)
	if err != nil {
		return out, err
	}
	for _, g := range groups {
		out.Groups = append(out.Groups, g.Group)
	}
	connections, err := tx.LiveConnectionsOf(ctx, out.User.UserRef)
	for _, conn := range connections {
		if conn.Endpoint == p.endpoint.ID && (conn.Live() || conn.Status == vpn.ConnectionAway) {
			p.connections, p.through = append(p.connections, conn), append(p.through, conn.Association)
		}
	}
	return out, err
}

// accessUser finds a user of an endpoint by name or ID. Field: user.
func accessUser(ctx context.Context, tx *store.Tx, e vpn.Endpoint, name string) (u vpn.User, err error) {
	var c vpn.Check
	if id := vpn.UserID(name); id.Valid() {
		u, err = tx.VPNUser(ctx, id)
	} else {
		u, err = tx.VPNUserNamed(ctx, e.Provider(), name)
	}
	switch {
	case err != nil && vpn.KindOf(err) == vpn.NotFound && e.UserBased():
		c.Bad("user", "No user with exactly this name has signed in at the identity provider of this endpoint yet. Choose access groups instead.")
	case err != nil && vpn.KindOf(err) == vpn.NotFound:
		c.Bad("user", "No client with exactly this common name has connected yet. Leave the field empty: clients of this endpoint have no groups.")
	case err != nil:
		return u, err
	case u.Provider != e.Provider():
		c.Bad("user", u.Name+" does not belong to the identity provider of this endpoint.")
	}
	return u, c.Err()
}

func (p *accessParts) groupName(id string) string {
	for _, r := range p.rules {
		if !r.AllUsers && vpn.SameGroup(r.Group, id) {
			return r.GroupName
		}
	}
	return ""
}

// fill adds to the parts of the answer what pages show of them.
func (p *accessParts) fill(out *AccessTest) {
	rules := map[vpn.RuleID]vpn.RuleStatus{}
	for _, r := range p.rules {
		rules[r.ID] = r
	}
	for _, r := range out.AccessAnswer.Deciding {
		out.Deciding = append(out.Deciding, TestedRule{rules[r.ID], r.Grants})
	}
	for _, r := range out.AccessAnswer.Wider {
		out.Wider = append(out.Wider, rules[r.ID])
	}
	for _, w := range out.AccessAnswer.Ways {
		tested := TestedWay{AccessWay: w, Routes: p.routesTo(w.Association, out.Destination)}
		for _, a := range p.associations {
			if a.ID == w.Association {
				tested.Target = a
			}
		}
		for _, c := range p.connections {
			if c.Association == w.Association {
				tested.Connections++
			}
		}
		out.Ways = append(out.Ways, tested)
	}
	out.Connections, out.Holder = len(p.connections), p.holder
	if !p.observed.Has(p.endpoint.Generation) {
		out.Waiting = cmp.Or(p.observed.Waiting(), "The newest change of the endpoint is not in effect yet.")
	}
	if state := p.endpoint.State(plainAssociations(p.associations), p.observed); state != vpn.EndpointAvailable {
		out.EndpointWait = cmp.Or(p.endpoint.Reason(state, p.associations, p.observed), "The endpoint is "+string(state)+".")
	}
}

// routesTo are the routes of an association that contain an address, the narrowest first.
func (p *accessParts) routesTo(a vpn.AssociationID, to netip.Addr) (out []vpn.RouteStatus) {
	for _, r := range p.routes {
		if r.Association == a && r.Removed == 0 && r.Destination.Contains(to) {
			out = append(out, r.Status(p.observed))
		}
	}
	slices.SortStableFunc(out, func(a, b vpn.RouteStatus) int { return b.Destination.Bits() - a.Destination.Bits() })
	return out
}
