package portal

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"time"

	"sallyport/store"
	"sallyport/vpn"
)

// Access is what a user sees of their own access to the VPN.
type Access struct {
	Groups    []vpn.Group   // as last seen
	LookUp    time.Duration // how soon a change of them in the directory is seen; zero: the identity provider is asked at sign-ins only
	Endpoints []EndpointAccess
	Sessions  []OwnSession     // that have not ended, those with a connection first
	More      bool             // there are more than these
	SignIns   []OwnSignIn      // a page of them
	Next      vpn.SignInPlace  // where the list goes on; the zero value: it ends
	Reported  []vpn.UserReport // that no administrator has acknowledged
}

// EndpointAccess is what a user reaches through an endpoint.
type EndpointAccess struct {
	Endpoint   vpn.Endpoint
	Elsewhere  bool // its VPN logins are proved by another identity provider: what the user is there is not known here
	Associated bool // it has a target network
	Places     []ReachedPlace
}

// ReachedPlace is a destination with what the administrators say of it.
type ReachedPlace struct {
	vpn.DestinationReach
	Networks     []string // names of the networks and subnets that it is, or is a part of
	Descriptions []string // of the rules that are for the user, and of its routes
	Clients      bool     // it is the other clients
}

// OwnSession is a VPN session of the user.
type OwnSession struct {
	vpn.Session
	Ends         time.Time
	EndpointName string
	Device       string         // what the user calls it, where it has a certificate of its own; empty: it has none
	Connection   vpn.Connection // zero: the client has none at present, and may come back without a sign-in
}

// Connected tells whether the session has a connection.
func (s OwnSession) Connected() bool { return s.Connection.ID != "" }

// OwnSignIn is a sign-in of the user, as they read it.
type OwnSignIn struct {
	vpn.UserSignIn
	EndpointName string
	From         netip.Addr // where it came from; the zero value: not known
	Device       string     // as of OwnSession
	Platform     string     // what the client said of itself
	Client       string
	Code         vpn.Code // why it was refused; empty: it was not
	Reason       string
	Current      bool // it began the session of this browser
	Open         bool // its session has not ended
	Reported     bool // the user said that it was not theirs, and no administrator has acknowledged that yet
}

// How many rows a page has.
const (
	maxSessions   = 100 // of which the page shows all
	signInsOnPage = 20
	reportsOnPage = vpn.MaxOpenReports
)

// Access tells a user about their own access: what is reached by the rules of the dataplane, the sessions, and a page of the
// sign-ins.
func (s *Service) Access(ctx context.Context, u User, after vpn.SignInPlace) (a Access, err error) {
	err = s.core.Read(ctx, u.Principal, vpn.OpenPortal, "", func(tx *store.Tx) error {
		a = Access{Groups: u.Session.Groups}
		if _, directory := u.Session.Provider.Directory(); directory {
			deployment, err := s.core.Deployment(ctx, tx)
			if err != nil {
				return err
			}
			a.LookUp = time.Duration(deployment.LookUpSeconds) * time.Second
		}
		reports, err := tx.UserReportsOf(ctx, u.Session.UserRef, reportsOnPage)
		if err != nil {
			return err
		}
		a.Reported = slices.DeleteFunc(reports, func(r vpn.UserReport) bool { return !r.AcknowledgedAt.IsZero() })
		if a.Endpoints, err = s.reached(ctx, tx, u); err != nil {
			return err
		}
		if a.Sessions, a.More, err = s.sessionsOf(ctx, tx, u); err != nil {
			return err
		}
		return s.addSignIns(ctx, tx, u, after, &a)
	})
	return a, err
}

// reached tells what the user reaches through each endpoint whose portal is for them, first through those that take connections.
func (s *Service) reached(ctx context.Context, tx *store.Tx, u User) ([]EndpointAccess, error) {
	all, err := tx.PortalEndpoints(ctx)
	if err != nil {
		return nil, err
	}
	var out []EndpointAccess
	names := &networkNames{}
	groups := vpn.IDsOf(u.Session.Groups, func(g vpn.Group) string { return g.ID })
	for _, e := range all {
		if !u.Accepts(e) {
			continue
		}
		x := EndpointAccess{Endpoint: e, Elsewhere: e.Provider() != u.Session.Provider}
		if !x.Elsewhere {
			if err := x.fill(ctx, tx, groups, names); err != nil {
				return nil, err
			}
		}
		out = append(out, x)
	}
	slices.SortStableFunc(out, func(a, b EndpointAccess) int { return laterIf(!a.Associated, !b.Associated) })
	return out, nil
}

func (x *EndpointAccess) fill(ctx context.Context, tx *store.Tx, groups []string, names *networkNames) error {
	id := x.Endpoint.ID
	associations, err := tx.AssociationsOf(ctx, id)
	if err != nil {
		return err
	}
	rules, err := tx.RulesOf(ctx, id)
	if err != nil {
		return err
	}
	routes, err := tx.RoutesOf(ctx, id)
	if err != nil {
		return err
	}
	desired := vpn.DesiredInput{Endpoint: x.Endpoint, Associations: associations, Rules: rules, Routes: routes}.Desired()
	x.Associated = len(desired.Associations) > 0
	if err := names.read(ctx, tx); err != nil {
		return err
	}
	for _, r := range vpn.ReachOf(desired, groups) {
		p := ReachedPlace{DestinationReach: r, Networks: names.of(r.Destination), Clients: r.Destination == x.Endpoint.ClientCIDR}
		for _, rule := range rules {
			if rule.Removed == 0 && rule.Destination == r.Destination && (rule.AllUsers || slices.ContainsFunc(groups, func(g string) bool { return vpn.SameGroup(g, rule.Group) })) {
				p.describe(rule.Description)
			}
		}
		for _, route := range routes {
			if route.Removed == 0 && route.Destination == r.Destination && route.Origin == vpn.OriginAddRoute {
				p.describe(route.Description)
			}
		}
		x.Places = append(x.Places, p)
	}
	return nil
}

func (p *ReachedPlace) describe(text string) {
	if text != "" && !slices.Contains(p.Descriptions, text) {
		p.Descriptions = append(p.Descriptions, text)
	}
}

// networkNames are what the administrators call networks and subnets; they are read once, where there is a reader.
type networkNames struct {
	known  bool
	ranges []namedRange
}

type namedRange struct {
	cidr netip.Prefix
	name string
}

func (n *networkNames) read(ctx context.Context, tx *store.Tx) error {
	if n.known {
		return nil
	}
	networks, err := tx.AllNetworks(ctx)
	if err != nil {
		return err
	}
	for _, network := range networks {
		for _, cidr := range network.CIDRs {
			n.ranges = append(n.ranges, namedRange{cidr, network.Name})
		}
	}
	subnets, err := tx.SubnetsOf(ctx, vpn.IDsOf(networks, func(n vpn.Network) vpn.NetworkID { return n.ID })...)
	for _, subnet := range subnets {
		n.ranges = append(n.ranges, namedRange{subnet.CIDR, subnet.Name})
	}
	// The narrower name says more.
	slices.SortStableFunc(n.ranges, func(a, b namedRange) int { return cmp.Compare(b.cidr.Bits(), a.cidr.Bits()) })
	n.known = true
	return err
}

// of are the names of the ranges that contain a destination, the narrowest first.
func (n *networkNames) of(p netip.Prefix) (names []string) {
	for _, r := range n.ranges {
		if r.name != "" && r.cidr.Bits() <= p.Bits() && r.cidr.Contains(p.Addr()) && !slices.Contains(names, r.name) {
			names = append(names, r.name)
		}
	}
	return names
}
