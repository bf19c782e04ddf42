package control

import (
	"context"
	"fmt"

	"sallyport/store"
	"sallyport/vpn"
)

// Networks lists networks.
func (s *Service) Networks(ctx context.Context, by Principal, l vpn.List) (vpn.Page[vpn.NetworkStatus], error) {
	var out vpn.Page[vpn.NetworkStatus]
	err := s.core.Read(ctx, by, vpn.DescribeVpcs, "", func(tx *store.Tx) error {
		page, err := tx.Networks(ctx, l)
		if err != nil {
			return err
		}
		counts, err := tx.SubnetCounts(ctx, idsOf(page.Items, func(n vpn.Network) vpn.NetworkID { return n.ID })...)
		if err != nil {
			return err
		}
		out = mapPage(page, func(n vpn.Network) vpn.NetworkStatus { return vpn.NetworkStatus{Network: n, Subnets: counts[n.ID]} })
		return nil
	})
	return out, err
}

// Network gives one network.
func (s *Service) Network(ctx context.Context, by Principal, id vpn.NetworkID) (n vpn.Network, err error) {
	err = s.core.Read(ctx, by, vpn.DescribeVpcs, string(id), func(tx *store.Tx) error { n, err = tx.Network(ctx, id); return err })
	return n, err
}

// Subnets lists the subnets of a network.
func (s *Service) Subnets(ctx context.Context, by Principal, id vpn.NetworkID, l vpn.List) (vpn.Page[vpn.SubnetStatus], error) {
	var out vpn.Page[vpn.SubnetStatus]
	err := s.core.Read(ctx, by, vpn.DescribeSubnets, string(id), func(tx *store.Tx) error {
		page, err := tx.Subnets(ctx, id, l)
		if err != nil {
			return err
		}
		used, err := tx.AssociationsOfSubnets(ctx, idsOf(page.Items, func(x vpn.Subnet) vpn.SubnetID { return x.ID })...)
		if err != nil {
			return err
		}
		endpoints, err := targetOf(ctx, tx, used)
		if err != nil {
			return err
		}
		out = mapPage(page, func(x vpn.Subnet) vpn.SubnetStatus { return vpn.SubnetStatus{Subnet: x, Endpoints: endpoints[x.ID]} })
		return nil
	})
	return out, err
}

// targetOf groups endpoints by the subnet that they have as a target network.
func targetOf(ctx context.Context, tx *store.Tx, list []vpn.Association) (map[vpn.SubnetID][]vpn.EndpointRef, error) {
	endpoints := map[vpn.SubnetID][]vpn.EndpointID{}
	for _, a := range list {
		endpoints[a.Subnet] = append(endpoints[a.Subnet], a.Endpoint)
	}
	return endpointRefs(ctx, tx, endpoints)
}

func idsOf[T any, I vpn.ID](items []T, id func(T) I) []I {
	out := make([]I, len(items))
	for i, x := range items {
		out[i] = id(x)
	}
	return out
}

func mapPage[T, U any](p vpn.Page[T], f func(T) U) vpn.Page[U] {
	out := vpn.Page[U]{Total: p.Total, Number: p.Number, Size: p.Size, Items: make([]U, len(p.Items))}
	for i, x := range p.Items {
		out.Items[i] = f(x)
	}
	return out
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
