package endpoint

import (
	"context"
	"net/netip"
	"slices"

	"sallyport/control"
	"sallyport/control/certificate"
	"sallyport/store"
	"sallyport/vpn"
)

// AssociationChoices is what the form for an association offers: networks, their subnets, and
// why some of these cannot be chosen.
type AssociationChoices struct {
	Endpoint vpn.Endpoint
	Networks []vpn.Network
	Subnets  []vpn.Subnet
	Taken    map[vpn.SubnetID]string
	// Ways are those by which the host reaches the subnets; WaysUnknown is why they are not known, and empty where they are.
	Ways        map[netip.Prefix]vpn.Way
	WaysUnknown string
	// Present are the live associations, with the number of their manual routes, which a new one can get too.
	Present []CopyChoice
	// MoreNetworks and MoreSubnets tell that there are others than those listed. Without a chosen
	// network, subnets are listed only where one selection can show all of them.
	MoreNetworks, MoreSubnets bool
}

// CopyChoice is an association whose routes a new one can get.
type CopyChoice struct {
	vpn.AssociationStatus
	Routes int // manual ones
}

// AssociationSearch narrows what an association can be made with.
type AssociationSearch struct {
	Network vpn.NetworkID // "": none is chosen yet
	Find    string        // in the chosen network's subnets, or else in the networks
	Keep    vpn.SubnetID  // listed in any case: it is chosen already
}

// AssociationChoices lists the target networks that an endpoint may still be given.
func (s *Service) AssociationChoices(ctx context.Context, by control.Principal, id vpn.EndpointID, search AssociationSearch) (AssociationChoices, error) {
	out := AssociationChoices{Taken: map[vpn.SubnetID]string{}}
	err := s.core.Read(ctx, by, vpn.DescribeClientVpnTargetNetworks, string(id), func(tx *store.Tx) (err error) {
		if out.Endpoint, err = tx.Endpoint(ctx, id); err != nil {
			return err
		}
		present, err := tx.AssociationsOf(ctx, id)
		if err != nil {
			return err
		}
		if err := s.findCopies(ctx, tx, &out); err != nil {
			return err
		}
		if out.Endpoint.Network != "" {
			search.Network = out.Endpoint.Network
		}
		if err := out.findNetworks(ctx, tx, search); err != nil {
			return err
		}
		if err := out.findSubnets(ctx, tx, search); err != nil {
			return err
		}
		of := map[vpn.NetworkID]vpn.Network{}
		for _, n := range out.Networks {
			of[n.ID] = n
		}
		for _, sub := range out.Subnets {
			e := out.Endpoint // a copy: Associate below changes it
			if _, _, refused := e.Associate(of[sub.Network], sub, present, s.core.Now()); refused != nil {
				out.Taken[sub.ID] = firstMessage(refused)
			}
		}
		return nil
	})
	if err == nil {
		out.Ways, out.WaysUnknown = control.FindWays(ctx, s.dataplane, out.Subnets, func(x vpn.Subnet) netip.Prefix { return x.CIDR })
	}
	return out, err
}

// findCopies lists the live associations, those with the most manual routes first.
func (s *Service) findCopies(ctx context.Context, tx *store.Tx, c *AssociationChoices) error {
	rows, err := s.associationRows(ctx, tx, c.Endpoint.ID, vpn.Observation{})
	if err != nil || len(rows) == 0 {
		return err
	}
	routes, err := tx.RoutesOf(ctx, c.Endpoint.ID)
	for _, a := range rows {
		if a.Removed == 0 {
			c.Present = append(c.Present, CopyChoice{a, len(vpn.ManualRoutes(a.ID, routes))})
		}
	}
	slices.SortStableFunc(c.Present, func(a, b CopyChoice) int { return b.Routes - a.Routes })
	return err
}

func (c *AssociationChoices) findNetworks(ctx context.Context, tx *store.Tx, search AssociationSearch) error {
	if c.Endpoint.Network == "" {
		l := vpn.List{Size: certificate.MaxChoices, Search: search.Find}
		if search.Network != "" {
			l.Search = "" // the search is for the subnets
		}
		page, err := tx.Networks(ctx, l)
		if err != nil {
			return err
		}
		c.Networks, c.MoreNetworks = page.Items, page.Total > len(page.Items)
	}
	if search.Network == "" || slices.ContainsFunc(c.Networks, func(n vpn.Network) bool { return n.ID == search.Network }) {
		return nil
	}
	n, err := tx.Network(ctx, search.Network)
	if err != nil && vpn.KindOf(err) == vpn.NotFound {
		return nil // a link from before it was deleted
	}
	c.Networks = append(c.Networks, n)
	return err
}

func (c *AssociationChoices) findSubnets(ctx context.Context, tx *store.Tx, search AssociationSearch) error {
	ids := vpn.IDsOf(c.Networks, func(n vpn.Network) vpn.NetworkID { return n.ID })
	if search.Network == "" && len(ids) != 1 {
		counts, err := tx.SubnetCounts(ctx, ids...)
		if err != nil {
			return err
		}
		total := 0
		for _, n := range counts {
			total += n
		}
		if c.MoreSubnets = total > certificate.MaxChoices; !c.MoreSubnets {
			c.Subnets, err = tx.SubnetsOf(ctx, ids...)
		}
		return err
	}
	l := vpn.List{Size: certificate.MaxChoices, Search: search.Find}
	if search.Network == "" {
		search.Network, l.Search = ids[0], ""
	}
	page, err := tx.Subnets(ctx, search.Network, l)
	if err != nil {
		return err
	}
	c.Subnets, c.MoreSubnets = page.Items, page.Total > len(page.Items)
	if search.Keep == "" || slices.ContainsFunc(c.Subnets, func(x vpn.Subnet) bool { return x.ID == search.Keep }) {
		return nil
	}
	kept, err := tx.Subnet(ctx, search.Keep)
	switch {
	case err != nil && vpn.KindOf(err) != vpn.NotFound:
		return err
	case err == nil && kept.Network == search.Network:
		c.Subnets = append(c.Subnets, kept)
	}
	return nil
}

func firstMessage(err error) string {
	for _, sentence := range vpn.FieldsOf(err) {
		return sentence
	}
	return err.Error()
}
