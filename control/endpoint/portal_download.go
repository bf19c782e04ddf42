package endpoint

import (
	"context"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// PortalEndpoint is an endpoint with the self-service portal.
type PortalEndpoint struct {
	vpn.Endpoint
	Downloads int // SelfServicePortalClientConfigurationDownloads (guide, "CloudWatch metrics")
}

// PortalEndpoints lists the endpoints with the self-service portal.
func (s *Service) PortalEndpoints(ctx context.Context, by control.Principal) ([]PortalEndpoint, error) {
	var out []PortalEndpoint
	err := s.core.Read(ctx, by, vpn.DescribePortal, "", func(tx *store.Tx) error {
		list, err := tx.PortalEndpoints(ctx)
		if err != nil {
			return err
		}
		offers, err := tx.ProfileOffers(ctx, vpn.IDsOf(list, func(e vpn.Endpoint) vpn.EndpointID { return e.ID })...)
		for _, e := range list {
			out = append(out, PortalEndpoint{e, offers[e.ID].HandedOut})
		}
		return err
	})
	return out, err
}

// PortalDownload is a configuration file that a user fetched in the self-service portal.
type PortalDownload struct {
	vpn.ProfileDownload
	UserID   vpn.UserID // empty: the user is not listed any more
	Endpoint vpn.Endpoint
	Present  bool // the portal still offers the same file
}

// PortalDownloads lists the configuration files that users fetched in the self-service portal, newest first; searches the name
// of the user; filters by endpoint.
func (s *Service) PortalDownloads(ctx context.Context, by control.Principal, l vpn.List) (vpn.Page[PortalDownload], error) {
	var p vpn.Page[PortalDownload]
	err := s.core.Read(ctx, by, vpn.DescribePortal, "", func(tx *store.Tx) error {
		found, err := tx.PortalDownloads(ctx, l)
		if err != nil {
			return err
		}
		p = vpn.Page[PortalDownload]{Number: found.Number, Size: found.Size, Total: found.Total, Long: found.Long, More: found.More, Next: found.Next, Prev: found.Prev}
		ids := vpn.IDsOf(found.Items, func(d vpn.ProfileDownload) vpn.EndpointID { return d.Endpoint })
		endpoints, err := tx.EndpointsByID(ctx, ids...)
		if err != nil {
			return err
		}
		offers, err := tx.ProfileOffers(ctx, ids...)
		if err != nil {
			return err
		}
		refs := make([]vpn.UserRef, len(found.Items))
		for i, d := range found.Items {
			refs[i] = d.User
		}
		users, err := tx.VPNUsersOf(ctx, refs...)
		for _, d := range found.Items {
			p.Items = append(p.Items, PortalDownload{d, users[d.User].ID, endpoints[d.Endpoint], offers[d.Endpoint].Revision == d.Revision})
		}
		return err
	})
	return p, err
}
