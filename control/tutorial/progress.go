package tutorial

import (
	"cmp"
	"context"
	"slices"

	"sallyport/store"
	"sallyport/vpn"
)

// progress is what the tutorial's steps of one endpoint follow from.
type progress struct {
	endpoint     vpn.Endpoint
	observed     vpn.Observation
	associations []vpn.Association
	rules        []vpn.Rule
	routes       []vpn.Route
	connected    bool // a connection is known, live or ended
	exported     bool // its configuration file was downloaded
}

// firstOnes are the endpoints that the tutorial looks at. It is for the first ones; those with a network have more steps done.
func firstOnes(all []vpn.Endpoint) []vpn.Endpoint {
	const enough = 20
	all = slices.DeleteFunc(all, func(e vpn.Endpoint) bool { return e.Deleting })
	slices.SortStableFunc(all, func(a, b vpn.Endpoint) int { return cmp.Compare(len(b.Network), len(a.Network)) })
	return all[:min(enough, len(all))]
}

// progress reads what the steps of all the endpoints follow from, by as many queries as of one.
func (s *Service) progress(ctx context.Context, tx *store.Tx, endpoints []vpn.Endpoint) ([]*progress, error) {
	out, ids, subjects := make([]*progress, len(endpoints)), make([]vpn.EndpointID, len(endpoints)), make([]string, len(endpoints))
	of := make(map[vpn.EndpointID]*progress, len(endpoints))
	for i, e := range endpoints {
		out[i] = &progress{endpoint: e}
		ids[i], subjects[i], of[e.ID] = e.ID, string(e.ID), out[i]
	}
	observed, err := s.core.Observations(ctx, tx, ids...)
	if err != nil {
		return nil, err
	}
	associations, err := tx.AssociationsOf(ctx, ids...)
	if err != nil {
		return nil, err
	}
	for _, a := range associations {
		of[a.Endpoint].associations = append(of[a.Endpoint].associations, a)
	}
	rules, err := tx.RulesOf(ctx, ids...)
	if err != nil {
		return nil, err
	}
	for _, r := range rules {
		of[r.Endpoint].rules = append(of[r.Endpoint].rules, r)
	}
	routes, err := tx.RoutesOf(ctx, ids...)
	if err != nil {
		return nil, err
	}
	for _, r := range routes {
		of[r.Endpoint].routes = append(of[r.Endpoint].routes, r)
	}
	connected, err := tx.ConnectedOnce(ctx, ids...)
	if err != nil {
		return nil, err
	}
	exported, err := tx.CountAudited(ctx, vpn.ExportClientVpnClientConfiguration, subjects...)
	if err != nil {
		return nil, err
	}
	handedOut, err := tx.CountDownloads(ctx, ids...) // to a user in the self-service portal, with the certificate of a device too
	if err != nil {
		return nil, err
	}
	for id, p := range of {
		p.observed, p.connected, p.exported = observed[id], connected[id], exported[string(id)] > 0 || handedOut[id] > 0
	}
	return out, nil
}

// steps tells which of the endpoint's steps are done.
func (p *progress) steps() steps {
	out := stepsWithoutEndpoint()
	for _, step := range []*Step{&out.endpoint, &out.association, &out.rule, &out.internet, &out.configuration, &out.connect} {
		step.Endpoint = vpn.EndpointRef{ID: p.endpoint.ID, Name: p.endpoint.Name}
	}
	out.endpoint.Done = true
	out.internet.Optional = p.endpoint.SplitTunnel // otherwise clients lose the internet without it
	out.internet.Needed = !p.endpoint.SplitTunnel
	associated := out.associate(p)
	internetRule := out.authorize(p)
	var active []vpn.Route
	for _, r := range p.routes {
		if state, _ := r.State(p.observed); state == vpn.RouteActive {
			active = append(active, r)
			out.internet.Done = out.internet.Done || internetRule && vpn.IsAny(r.Destination)
		}
	}
	if missing := vpn.InternetWarning(p.endpoint, p.rules, p.routes); missing != "" {
		out.internet.Note = missing
	}
	for _, u := range vpn.UnequalRoutes(p.endpoint.ClientCIDR, associated, active) {
		if vpn.IsAny(u.Destination) {
			out.internet.Done, out.internet.Missing = false, true
			out.internet.Note = "The route to 0.0.0.0/0 leads through " + u.Share() + ": sessions of the others do not reach the internet."
		}
	}
	out.configuration.Done = p.exported
	out.connect.Done = p.connected
	return out
}

// associate is the step of the target networks, and gives those that are in effect.
func (s *steps) associate(p *progress) (associated []vpn.Association) {
	for _, a := range p.associations {
		state, reason := a.State(p.observed)
		if state == vpn.Associated {
			associated = append(associated, a)
		}
		s.association.Done = s.association.Done || state == vpn.Associated
		if reason != "" {
			s.association.Note = reason
		}
	}
	return associated
}

// authorize is the step of the rules, and tells whether one to the internet is in effect. A rule counts that opens a part of what an
// association has brought.
func (s *steps) authorize(p *progress) (internet bool) {
	var brought []vpn.Route
	for _, r := range p.routes {
		if r.Origin == vpn.OriginAssociate && !r.Local() && r.Removed == 0 {
			brought = append(brought, r)
		}
	}
	if len(brought) > 0 {
		s.rule.Destination = brought[0].Destination
	}
	useless := ""
	for _, r := range p.rules {
		switch state, reason := r.State(p.observed); {
		case state == vpn.RuleActive && vpn.IsAny(r.Destination):
			internet = true
		case state == vpn.RuleActive && slices.ContainsFunc(brought, func(b vpn.Route) bool { return b.Destination.Overlaps(r.Destination) }):
			s.rule.Done = true
		case state == vpn.RuleActive && len(brought) > 0:
			useless = "The rule for " + r.Destination.String() + " does not open the associated network, " + brought[0].Destination.String() + "."
		case reason != "":
			s.rule.Note = reason
		}
	}
	if !s.rule.Done && s.rule.Note == "" {
		s.rule.Note = useless
	}
	return internet
}
