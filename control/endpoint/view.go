package endpoint

import (
	"context"
	"strings"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// View is an endpoint with everything that its page shows.
type View struct {
	vpn.Endpoint
	State           vpn.EndpointState
	Reason          string // what the state waits for, or ""
	Observation     vpn.Observation
	Associations    []vpn.AssociationStatus
	Unequal         []vpn.UnequalRoute // destinations that only sessions of some target networks reach
	Server          vpn.Certificate
	ClientAuthority vpn.Certificate  // zero where clients need no certificate
	SecondAuthority vpn.Certificate  // zero where there is no second one
	UserDirectory   vpn.Directory    // zero where users are not asked for a password
	UserSAML        vpn.SAMLProvider // zero where users do not sign in in the browser
	PortalProvider  vpn.SAMLProvider // of the self-service portal; zero where it is UserSAML, and without that
	NetworkName     string
	Connections     int // live ones
	Away            int // connections whose clients are away
	Rules, Routes   int
	Trouble         string // which parts failed, in a few words; "" where none did
	Remote          string // the name that profiles have
	RemoteWarning   string // what is wrong with Remote; "" where nothing is
	PortalURL       string // of the self-service portal; "" where the public pages are not served
	PortalDownloads int    // configuration files that the self-service portal has handed out
	SignInWarning   string // why users do not reach the page of the sign-in; "" where they do
	RangeWarning    string // what is wrong with the client CIDR; "" where nothing is
	InternetWarning string // what keeps clients from the internet; "" where nothing does
	DNSWarning      string // which DNS servers clients cannot reach; "" where there is none
	Faults          []vpn.Fault
	Repairs         []vpn.Fault // changes that other programs had made to it and that were undone, newest first
}

// Side is the endpoint with what its workers and its files are made of.
func (v View) Side() vpn.Side {
	return vpn.Side{Endpoint: v.Endpoint, Server: v.Server, ClientCA: v.ClientAuthority, SecondCA: v.SecondAuthority, Directory: v.UserDirectory, Remote: v.Remote}
}

// Targets are its target network associations without their states.
func (v View) Targets() []vpn.Association { return plainAssociations(v.Associations) }

// Endpoints lists endpoints.
func (s *Service) Endpoints(ctx context.Context, by control.Principal, l vpn.List) (out vpn.Page[vpn.EndpointSummary], err error) {
	err = s.core.Read(ctx, by, vpn.DescribeClientVpnEndpoints, "", func(tx *store.Tx) error {
		if l.Filter["state"] != "" || l.Filter["zone"] != "" || endpointFields.Orders[l.Sort] != nil {
			out, err = s.computedEndpoints(ctx, tx, l)
			return err
		}
		page, err := tx.Endpoints(ctx, l)
		if err != nil {
			return err
		}
		out, err = s.endpointSummaries(ctx, tx, page)
		return err
	})
	return out, err
}

// computedEndpoints orders and filters endpoints by what is computed. It reads as little as that needs of all endpoints,
// and the whole of those of the page.
func (s *Service) computedEndpoints(ctx context.Context, tx *store.Tx, l vpn.List) (vpn.Page[vpn.EndpointSummary], error) {
	outlines, err := tx.EndpointOutlines(ctx, l)
	if err != nil {
		return vpn.Page[vpn.EndpointSummary]{}, err
	}
	all, err := s.endpointSummaries(ctx, tx, vpn.Page[vpn.Endpoint]{Items: outlines})
	if err != nil {
		return all, err
	}
	l.Search = "" // the outlines are those that it finds
	out := vpn.Select(all.Items, l, endpointFields)
	whole, err := tx.EndpointsByID(ctx, vpn.IDsOf(out.Items, func(e vpn.EndpointSummary) vpn.EndpointID { return e.ID })...)
	for i := range out.Items {
		out.Items[i].Endpoint = whole[out.Items[i].ID]
	}
	return out, err
}

// EndpointsNamed gives those of the named endpoints that exist, in the order of the names.
func (s *Service) EndpointsNamed(ctx context.Context, by control.Principal, ids []vpn.EndpointID) ([]vpn.EndpointSummary, error) {
	var out vpn.Page[vpn.EndpointSummary]
	err := s.core.Read(ctx, by, vpn.DescribeClientVpnEndpoints, "", func(tx *store.Tx) error {
		found, err := tx.EndpointsByID(ctx, ids...)
		if err != nil {
			return err
		}
		var page vpn.Page[vpn.Endpoint]
		for _, id := range ids {
			if e, there := found[id]; there {
				page.Items = append(page.Items, e)
			}
		}
		out, err = s.endpointSummaries(ctx, tx, page)
		return err
	})
	return out.Items, err
}

// endpointSummaries adds what lists show of endpoints.
func (s *Service) endpointSummaries(ctx context.Context, tx *store.Tx, page vpn.Page[vpn.Endpoint]) (vpn.Page[vpn.EndpointSummary], error) {
	ids := vpn.IDsOf(page.Items, func(e vpn.Endpoint) vpn.EndpointID { return e.ID })
	observed, err := s.core.Observations(ctx, tx, ids...)
	if err != nil {
		return vpn.Page[vpn.EndpointSummary]{}, err
	}
	associations, err := tx.AssociationsOf(ctx, ids...)
	if err != nil {
		return vpn.Page[vpn.EndpointSummary]{}, err
	}
	live, err := tx.CountLive(ctx, ids...)
	if err != nil {
		return vpn.Page[vpn.EndpointSummary]{}, err
	}
	away, err := tx.CountAway(ctx, ids...)
	if err != nil {
		return vpn.Page[vpn.EndpointSummary]{}, err
	}
	of := map[vpn.EndpointID][]vpn.Association{}
	for _, a := range associations {
		of[a.Endpoint] = append(of[a.Endpoint], a)
	}
	return vpn.MapPage(page, func(e vpn.Endpoint) vpn.EndpointSummary {
		o := observed[e.ID]
		row := vpn.EndpointSummary{
			Endpoint: e, State: e.State(of[e.ID], o), Connections: live[e.ID], Away: away[e.ID],
			Associations: len(liveOf(of[e.ID])), Trouble: vpn.Trouble(of[e.ID], o),
		}
		for _, a := range of[e.ID] {
			row.Zones = append(row.Zones, a.Zone)
		}
		worst := o.Worst()
		row.Fault, row.Works = worst.Message, worst.Warning
		row.Untested, row.OnlyUntested = o.Untested, o.Untested > 0 && o.Untested == len(o.Faults)
		return row
	}), nil
}

// FilterChoices are what lists of endpoints can be narrowed to.
type FilterChoices struct {
	Networks map[vpn.NetworkID]string // with their names
	Zones    []string
}

// FilterChoices gives the networks and availability zones of all target networks.
func (s *Service) FilterChoices(ctx context.Context, by control.Principal) (out FilterChoices, err error) {
	err = s.core.Read(ctx, by, vpn.DescribeClientVpnEndpoints, "", func(tx *store.Tx) error {
		if out.Networks, err = tx.UsedNetworks(ctx); err != nil {
			return err
		}
		out.Zones, err = tx.UsedZones(ctx)
		return err
	})
	return out, err
}

// Endpoint gives one endpoint.
func (s *Service) Endpoint(ctx context.Context, by control.Principal, id vpn.EndpointID) (View, error) {
	var v View
	var deployment vpn.Deployment
	err := s.core.Read(ctx, by, vpn.DescribeClientVpnEndpoints, string(id), func(tx *store.Tx) (err error) {
		if deployment, err = s.core.Deployment(ctx, tx); err != nil {
			return err
		}
		if v.Endpoint, err = tx.Endpoint(ctx, id); err != nil {
			return err
		}
		observed, err := s.core.Observations(ctx, tx, id)
		if err != nil {
			return err
		}
		v.Observation = observed[id]
		v.Faults = v.Observation.Faults
		if v.Associations, err = s.associationRows(ctx, tx, id, v.Observation); err != nil {
			return err
		}
		if v.Unequal, err = unequalRoutes(ctx, tx, v.Endpoint, plainAssociations(v.Associations)); err != nil {
			return err
		}
		for i := range v.Associations {
			v.Associations[i].Lacks = vpn.Lacking(v.Associations[i].ID, v.Unequal)
		}
		v.State = v.Endpoint.State(plainAssociations(v.Associations), v.Observation)
		v.Trouble = vpn.Trouble(plainAssociations(v.Associations), v.Observation)
		v.Reason = v.Endpoint.Reason(v.State, v.Associations, v.Observation)
		certificates, err := tx.CertificatesByID(ctx, v.Certificate, v.ClientCA, v.SecondCA)
		if err != nil {
			return err
		}
		v.Server, v.ClientAuthority, v.SecondAuthority = certificates[v.Certificate], certificates[v.ClientCA], certificates[v.SecondCA]
		if v.AsksPassword() {
			if v.UserDirectory, err = tx.Directory(ctx, v.Directory); err != nil {
				return err
			}
		}
		if v.Federated() {
			if v.UserSAML, err = tx.SAMLProvider(ctx, v.SAML); err != nil {
				return err
			}
		}
		if v.PortalSAML != "" {
			if v.PortalProvider, err = tx.SAMLProvider(ctx, v.PortalSAML); err != nil {
				return err
			}
		}
		if v.Network != "" {
			n, err := tx.Network(ctx, v.Network)
			if err != nil {
				return err
			}
			v.NetworkName = n.Name
		}
		if v.Rules, v.Routes, err = tx.CountParts(ctx, id); err != nil {
			return err
		}
		offers, err := tx.ProfileOffers(ctx, id)
		if err != nil {
			return err
		}
		v.PortalDownloads = offers[id].HandedOut
		if v.DNSWarning, err = dnsWarning(ctx, tx, v.Endpoint); err != nil {
			return err
		}
		if len(liveOf(plainAssociations(v.Associations))) > 0 {
			internet, err := internetWarnings(ctx, tx, v.Endpoint)
			if err != nil {
				return err
			}
			v.InternetWarning = internet[id]
		}
		live, err := tx.CountLive(ctx, id)
		if err != nil {
			return err
		}
		away, err := tx.CountAway(ctx, id)
		v.Connections, v.Away = live[id], away[id]
		return err
	})
	if err != nil {
		return v, err
	}
	if base := s.core.Settings.PublicURL; base != "" {
		v.PortalURL = strings.TrimSuffix(base, "/") + id.PortalPath()
	}
	v.RangeWarning = v.ClientRangeWarning()
	v.SignInWarning = v.Endpoint.SignInWarning(s.core.Settings.PublicURL)
	v.Remote, v.RemoteWarning = s.remote(ctx, deployment, v.Endpoint)
	for _, r := range s.node.State(ctx).Status.Repairs {
		if r.Subject == string(id) {
			v.Repairs = append(v.Repairs, r)
		}
	}
	return v, nil
}

// EndpointNames gives the names of endpoints. A deleted endpoint is absent; an endpoint without a name
// has "".
func (s *Service) EndpointNames(ctx context.Context, by control.Principal, ids ...vpn.EndpointID) (names map[vpn.EndpointID]string, err error) {
	err = s.core.Read(ctx, by, vpn.DescribeClientVpnEndpoints, "", func(tx *store.Tx) error { names, err = tx.EndpointNames(ctx, ids...); return err })
	return names, err
}

func (s *Service) associationRows(ctx context.Context, tx *store.Tx, id vpn.EndpointID, o vpn.Observation) ([]vpn.AssociationStatus, error) {
	associations, err := tx.AssociationsOf(ctx, id)
	if err != nil || len(associations) == 0 {
		return nil, err
	}
	names, err := tx.SubnetNames(ctx, vpn.IDsOf(associations, func(a vpn.Association) vpn.SubnetID { return a.Subnet })...)
	if err != nil {
		return nil, err
	}
	tests, err := tx.Probes(ctx, vpn.IDsOf(associations, func(a vpn.Association) vpn.SubnetID { return a.Subnet })...)
	if err != nil {
		return nil, err
	}
	rows := make([]vpn.AssociationStatus, len(associations))
	for i, a := range associations {
		rows[i] = a.Status(o, names[a.Subnet])
		rows[i].Test = tests[a.Subnet]
	}
	return rows, nil
}

func plainAssociations(rows []vpn.AssociationStatus) []vpn.Association {
	out := make([]vpn.Association, len(rows))
	for i, r := range rows {
		out[i] = r.Association
	}
	return out
}

// dnsWarning says which DNS servers of an endpoint clients cannot reach.
func dnsWarning(ctx context.Context, tx *store.Tx, e vpn.Endpoint) (string, error) {
	if len(e.DNSServers()) == 0 {
		return "", nil
	}
	rules, err := tx.RulesOf(ctx, e.ID)
	if err != nil {
		return "", err
	}
	routes, err := tx.RoutesOf(ctx, e.ID)
	return vpn.DNSWarning(e, rules, routes), err
}
