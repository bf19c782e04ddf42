package endpoint

import (
	"context"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// InternetWarnings says of those of the endpoints that have target networks what keeps their clients from the internet; an endpoint where
// nothing does is absent.
func (s *Service) InternetWarnings(ctx context.Context, by control.Principal, list []vpn.EndpointSummary) (out map[vpn.EndpointID]string, err error) {
	var associated []vpn.Endpoint
	for _, e := range list {
		if e.Associations > 0 && !e.Deleting {
			associated = append(associated, e.Endpoint)
		}
	}
	err = s.core.Read(ctx, by, vpn.DescribeClientVpnEndpoints, "", func(tx *store.Tx) error {
		out, err = internetWarnings(ctx, tx, associated...)
		return err
	})
	return out, err
}

// internetWarnings says of endpoints with target networks what keeps their clients from the internet.
func internetWarnings(ctx context.Context, tx *store.Tx, endpoints ...vpn.Endpoint) (map[vpn.EndpointID]string, error) {
	var ids []vpn.EndpointID
	for _, e := range endpoints {
		if !e.SplitTunnel {
			ids = append(ids, e.ID)
		}
	}
	rules, err := tx.WideRulesOf(ctx, vpn.WidestBits, ids...)
	if err != nil {
		return nil, err
	}
	routes, err := tx.WideRoutesOf(ctx, vpn.WidestBits, ids...)
	rulesOf, routesOf, out := map[vpn.EndpointID][]vpn.Rule{}, map[vpn.EndpointID][]vpn.Route{}, map[vpn.EndpointID]string{}
	for _, r := range rules {
		rulesOf[r.Endpoint] = append(rulesOf[r.Endpoint], r)
	}
	for _, r := range routes {
		routesOf[r.Endpoint] = append(routesOf[r.Endpoint], r)
	}
	for _, e := range endpoints {
		if warning := vpn.InternetWarning(e, rulesOf[e.ID], routesOf[e.ID]); warning != "" {
			out[e.ID] = warning
		}
	}
	return out, err
}
