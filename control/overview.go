package control

import (
	"cmp"
	"context"
	"slices"

	"sallyport/store"
	"sallyport/vpn"
)

// Step is one step of the tutorial (guide line 1077) with whether it is done, found from what
// was applied: undoing a step un-ticks it.
type Step struct {
	Key      string // prerequisites, certificates, endpoint, association, rule, internet, security, configuration, connect
	Done     bool
	Next     bool // the first that is not done
	Optional bool
	Endpoint vpn.EndpointID // the one that the steps are about; empty before there is one
	Note     string
}

// GettingStarted computes the tutorial's steps for the endpoint that has come furthest.
func (s *Service) GettingStarted(ctx context.Context, by Principal) ([]Step, error) {
	var steps []Step
	err := s.core.Read(ctx, by, vpn.DescribeGettingStarted, "", func(tx *store.Tx) error {
		t, err := s.tutorial(ctx, tx)
		steps = t
		return err
	})
	for i := range steps {
		if !steps[i].Done && !steps[i].Optional {
			steps[i].Next = true
			break
		}
	}
	return steps, err
}

func (s *Service) tutorial(ctx context.Context, tx *store.Tx) ([]Step, error) {
	network := Step{Key: "prerequisites"}
	networks, err := tx.Networks(ctx, vpn.List{Size: 1})
	if err != nil {
		return nil, err
	}
	subnets, err := tx.CountSubnets(ctx)
	if err != nil {
		return nil, err
	}
	network.Done = subnets > 0
	if networks.Total > 0 && !network.Done {
		network.Note = "The network has no subnet yet."
	}

	certificates := Step{Key: "certificates"}
	servers, err := countUse(ctx, tx, vpn.UseServer)
	if err != nil {
		return nil, err
	}
	clients, err := countUse(ctx, tx, vpn.UseClient)
	if err != nil {
		return nil, err
	}
	certificates.Done = servers > 0 && clients > 0
	if servers > 0 && clients == 0 {
		certificates.Note = "There is a server certificate; a client certificate is still missing."
	}
	rest, err := s.endpointSteps(ctx, tx)
	return append([]Step{network, certificates}, rest...), err
}

func countUse(ctx context.Context, tx *store.Tx, use vpn.CertificateUse) (int, error) {
	page, err := tx.Certificates(ctx, vpn.List{Filter: map[string]string{"use": string(use)}, Size: 1})
	return page.Total, err
}

// endpointSteps are the steps from step 2 on, for the endpoint that has come furthest.
func (s *Service) endpointSteps(ctx context.Context, tx *store.Tx) ([]Step, error) {
	all, err := tx.AllEndpoints(ctx)
	if err != nil {
		return nil, err
	}
	best, bestDone := emptySteps(), -1
	const enough = 20 // endpoints looked at: the tutorial is for the first ones
	// Those with a target network have come furthest.
	slices.SortStableFunc(all, func(a, b vpn.Endpoint) int { return cmp.Compare(len(b.Network), len(a.Network)) })
	for i, e := range all {
		if i == enough {
			break
		}
		if e.Deleting {
			continue
		}
		steps, err := s.stepsOf(ctx, tx, e)
		if err != nil {
			return nil, err
		}
		done := 0
		for _, st := range steps {
			if st.Done {
				done++
			}
		}
		if done > bestDone {
			best, bestDone = steps, done
		}
	}
	return best, nil
}

func emptySteps() []Step {
	return []Step{
		{Key: "endpoint"}, {Key: "association"}, {Key: "rule"}, {Key: "internet", Optional: true},
		{Key: "configuration"}, {Key: "connect"},
	}
}

func (s *Service) stepsOf(ctx context.Context, tx *store.Tx, e vpn.Endpoint) ([]Step, error) {
	steps := emptySteps()
	associations, err := tx.AssociationsOf(ctx, e.ID)
	if err != nil {
		return nil, err
	}
	observed, err := s.observations(ctx, tx, e.ID)
	if err != nil {
		return nil, err
	}
	rules, err := tx.RulesOf(ctx, e.ID)
	if err != nil {
		return nil, err
	}
	routes, err := tx.RoutesOf(ctx, e.ID)
	if err != nil {
		return nil, err
	}
	live, err := tx.CountLive(ctx, e.ID)
	if err != nil {
		return nil, err
	}
	exported, err := tx.AuditRecords(ctx, vpn.List{Size: 1, Filter: map[string]string{"action": string(vpn.ExportClientVpnClientConfiguration), "subject": string(e.ID)}})
	if err != nil {
		return nil, err
	}
	o := observed[e.ID]
	for i := range steps {
		steps[i].Endpoint = e.ID
	}
	steps[0].Done = true
	for _, a := range associations {
		state, why := a.State(o)
		steps[1].Done = steps[1].Done || state == vpn.Associated
		if why != "" {
			steps[1].Note = why
		}
	}
	internetRule := false
	for _, r := range rules {
		if state, why := r.State(o); state == vpn.RuleActive {
			if vpn.IsAny(r.Destination) {
				internetRule = true
			} else {
				steps[2].Done = true
			}
		} else if why != "" {
			steps[2].Note = why
		}
	}
	for _, r := range routes {
		if state, _ := r.State(o); state == vpn.RouteActive && vpn.IsAny(r.Destination) {
			steps[3].Done = internetRule
		}
	}
	steps[4].Done = exported.Total > 0
	steps[5].Done = live[e.ID] > 0
	return steps, nil
}
