package network

import (
	"cmp"
	"context"
	"net/netip"
	"slices"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// NetworkChange is what a modification of a network does.
type NetworkChange struct {
	Before, After vpn.Network
	Endpoints     []vpn.EndpointRef // whose routes change
	Did           vpn.Announcement  `json:"-"` // to them, by the numbers of the moment
	Unruled       []EndpointRanges  `json:"-"` // ranges that were added and that no authorization rule of an endpoint opens
	Adopted       []EndpointRanges  `json:"-"` // destinations of routes of an endpoint that were added by hand and become automatic
}

// EndpointRanges are ranges that something is said about at one endpoint.
type EndpointRanges struct {
	Endpoint vpn.EndpointRef
	Ranges   []netip.Prefix
}

// Added are the ranges that the network had not before.
func (c NetworkChange) Added() []netip.Prefix {
	return slices.DeleteFunc(slices.Clone(c.After.CIDRs), func(p netip.Prefix) bool { return slices.Contains(c.Before.CIDRs, p) })
}

// endpointChange is an endpoint whose routes follow a network.
type endpointChange struct {
	endpoint vpn.Endpoint
	effect   vpn.Effect
	routes   vpn.RouteChanges
}

// AnnounceNetworkEdit tells what EditNetwork would do, and what is doubtful about the host's ways to the ranges that endpoints get
// routes to, where the host tells; it changes nothing. The errors are those of EditNetwork.
func (s *Service) AnnounceNetworkEdit(ctx context.Context, by control.Principal, id vpn.NetworkID, in vpn.NetworkEdit) (NetworkChange, error) {
	var out NetworkChange
	err := s.core.Read(ctx, by, vpn.ModifyVpc, string(id), func(tx *store.Tx) (err error) {
		out, _, err = s.edit(ctx, tx, id, in, tx.Endpoint)
		return err
	})
	if err != nil || len(out.Endpoints) == 0 {
		return out, err
	}
	added, _ := s.addRangeWays(ctx, out.Added(), nil)
	for _, r := range added {
		if r.Doubt != "" {
			out.Did.Notes = append(out.Did.Notes, vpn.Sentence{About: "Way to " + r.CIDR.String(), Text: r.Doubt})
		}
	}
	return out, nil
}

// EditNetwork modifies a network. The automatic routes of the endpoints whose target networks it has follow its ranges.
// Fields: name, description, cidrs, tags, confirm. Stale where another administrator saved after the form was filled;
// ErrUnannounced where the administrator was told something else than what it does.
func (s *Service) EditNetwork(ctx context.Context, by control.Principal, id vpn.NetworkID, in vpn.NetworkEdit) (NetworkChange, error) {
	var out NetworkChange
	err := s.core.Change(ctx, by, vpn.ModifyVpc, string(id), func(tx *store.Tx, a *vpn.AuditRecord) error {
		done, changes, err := s.edit(ctx, tx, id, in, tx.LockEndpoint)
		if out = done; err != nil {
			return err
		}
		if err := out.Did.Check(in.Consent); err != nil {
			return err
		}
		for _, c := range changes {
			c.endpoint.Reconnect(c.effect, in.Consent)
			if err := saveRoutes(ctx, tx, c); err != nil {
				return err
			}
		}
		a.Before, a.After = control.Describe(out.Before), control.Describe(out)
		return tx.SaveNetwork(ctx, out.After)
	})
	return out, err
}

func saveRoutes(ctx context.Context, tx *store.Tx, c endpointChange) error {
	for _, r := range c.routes.Saved { // first: of one destination there is one route
		if err := tx.SaveRoute(ctx, r); err != nil {
			return err
		}
	}
	for _, r := range c.routes.Added {
		if err := tx.CreateRoute(ctx, r); err != nil {
			return err
		}
	}
	return tx.SaveEndpoint(ctx, c.endpoint)
}

// edit makes the modification in memory: of the network, and of the endpoints that use it, which read reads.
func (s *Service) edit(ctx context.Context, tx *store.Tx, id vpn.NetworkID, in vpn.NetworkEdit, read func(context.Context, vpn.EndpointID) (vpn.Endpoint, error)) (NetworkChange, []endpointChange, error) {
	var out NetworkChange
	n, err := tx.Network(ctx, id)
	if err != nil {
		return out, nil, err
	}
	subnets, err := tx.SubnetsOf(ctx, id)
	if err != nil {
		return out, nil, err
	}
	all, err := tx.AllEndpoints(ctx)
	if err != nil {
		return out, nil, err
	}
	out.Before, out.After = n, n
	if err := out.After.Edit(in, subnets, all); err != nil {
		return out, nil, err
	}
	var changes []endpointChange
	var sides []control.SideChange
	slices.SortFunc(all, func(a, b vpn.Endpoint) int { return cmp.Compare(a.ID, b.ID) }) // one order of locks for all changes
	for _, e := range all {
		if e.Network != id || e.Deleting {
			continue
		}
		change, side, err := s.follow(ctx, tx, e.ID, out.After, read)
		if err != nil {
			return out, nil, err
		}
		if change.routes.Lead() {
			out.Endpoints = append(out.Endpoints, vpn.EndpointRef{ID: e.ID, Name: e.Name})
		}
		if len(change.routes.Added)+len(change.routes.Saved) > 0 {
			if err := out.judge(ctx, tx, change); err != nil {
				return out, nil, err
			}
			change.effect = vpn.EffectOf(side.Before, side.After)
			changes, sides = append(changes, change), append(sides, side)
		}
	}
	out.Did, _, err = s.core.AnnounceAll(ctx, tx, sides)
	out.Did.Notes = out.notes()
	return out, changes, err
}

// judge notes what the change leaves undone at an endpoint, and which of its routes it makes automatic.
func (c *NetworkChange) judge(ctx context.Context, tx *store.Tx, change endpointChange) error {
	ref := vpn.EndpointRef{ID: change.endpoint.ID, Name: change.endpoint.Name}
	rules, err := tx.RulesOf(ctx, ref.ID)
	if err != nil {
		return err
	}
	if unruled := vpn.RangesWithoutRule(c.Added(), rules); len(unruled) > 0 {
		c.Unruled = append(c.Unruled, EndpointRanges{ref, unruled})
	}
	if adopted := change.routes.Adopted(); len(adopted) > 0 {
		c.Adopted = append(c.Adopted, EndpointRanges{ref, adopted})
	}
	return nil
}

// notes say what the administrator has to do afterwards, and what becomes of routes that were added by hand.
func (c NetworkChange) notes() (out []vpn.Sentence) {
	for _, x := range c.Unruled {
		out = append(out, vpn.Sentence{About: "Authorization rules", Text: "No authorization rule of endpoint " + x.Endpoint.Label() + " is about " + vpn.JoinWords(texts(x.Ranges)) + ": clients reach nothing there until one is added."})
	}
	for _, x := range c.Adopted {
		out = append(out, vpn.Sentence{About: "Route table", Text: "The routes of endpoint " + x.Endpoint.Label() + " to " + vpn.JoinWords(texts(x.Ranges)) + ", which were added by hand, become automatic ones: they cannot be deleted by themselves any more, and go when the range leaves the network."})
	}
	return out
}

func texts(ranges []netip.Prefix) []string {
	out := make([]string, len(ranges))
	for i, p := range ranges {
		out[i] = p.String()
	}
	return out
}

// follow has one endpoint follow the network, in memory.
func (s *Service) follow(ctx context.Context, tx *store.Tx, id vpn.EndpointID, n vpn.Network, read func(context.Context, vpn.EndpointID) (vpn.Endpoint, error)) (endpointChange, control.SideChange, error) {
	var out endpointChange
	var side control.SideChange
	e, err := read(ctx, id)
	if err != nil {
		return out, side, err
	}
	associations, err := tx.AssociationsOf(ctx, id)
	if err != nil {
		return out, side, err
	}
	routes, err := tx.RoutesOf(ctx, id)
	if err != nil {
		return out, side, err
	}
	side.Before = vpn.Side{Endpoint: e, Routes: routes}
	out.routes = e.FollowNetwork(n, associations, routes, s.core.Now())
	out.endpoint = e
	side.After = vpn.Side{Endpoint: e, Routes: out.routes.Of(routes)}
	if !out.routes.Lead() {
		return out, side, nil
	}
	d, err := s.core.Deployment(ctx, tx)
	if err != nil {
		return out, side, err
	}
	observed, err := s.core.Observations(ctx, tx, id)
	if err != nil {
		return out, side, err
	}
	if err := d.Quotas.CheckPending(side.Before.Endpoint, observed[id]); err != nil {
		return out, side, vpn.Refuse(vpn.KindOf(err), vpn.CodeOf(err), "Endpoint "+e.Label()+": "+err.Error())
	}
	return out, side, nil
}
