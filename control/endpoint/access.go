package endpoint

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// AccessRequest is a question about access as typed.
type AccessRequest struct {
	Destination string   // an IPv4 address
	User        string   // name or ID of a user; empty: none is meant
	Groups      []string // IDs of access groups, where no user is meant
}

// AccessTest is the answer to a question about access, with what a page shows of the parts that decide.
type AccessTest struct {
	vpn.AccessAnswer
	Endpoint     vpn.Endpoint
	User         vpn.User     // zero: none is meant
	Groups       []vpn.Group  // that count
	Ways         []TestedWay  // through each target network
	Deciding     []TestedRule // as in the answer, which has less of each
	Wider        []vpn.RuleStatus
	Connections  int             // that the user has with the endpoint
	Out          vpn.WayOut      // zero: no host is asked, or it is not known
	OutUnknown   string          // why it is not known, as a sentence; empty: it is, or no host is asked
	Holder       vpn.Connection  // of the client that has the address; zero: none
	Other        vpn.EndpointRef // the endpoint whose clients have the address; zero: none
	Waiting      string          // that the dataplane has not applied the newest change yet; empty: it has
	EndpointWait string          // why no client can connect at present; empty: clients can
}

// TestedWay is the answer for the clients of a target network.
type TestedWay struct {
	vpn.AccessWay
	Target      vpn.AssociationStatus
	Routes      []vpn.RouteStatus // that contain the address, the narrowest first
	Connections int               // of the user
}

// TestedRule is a rule of the most specific destination.
type TestedRule struct {
	vpn.RuleStatus
	Grants bool
}

// wayTimeout is how long a question waits for the dataplane.
const wayTimeout = 3 * time.Second

// TestAccess tells whether a client of an endpoint may send to an address, and what decides that. Fields: destination, user, group.
func (s *Service) TestAccess(ctx context.Context, by control.Principal, id vpn.EndpointID, req AccessRequest) (out AccessTest, err error) {
	to, refused := accessDestination(req.Destination)
	var parts accessParts
	err = s.core.Read(ctx, by, vpn.DescribeClientVpnAccess, string(id), func(tx *store.Tx) error {
		if err := parts.read(ctx, s, tx, id); err != nil {
			return err
		}
		who, err := parts.readUser(ctx, tx, req)
		if err != nil {
			return vpn.Together(refused, err)
		}
		out = who
		return cmp.Or(refused, parts.readHolder(ctx, tx, to))
	})
	if err != nil {
		return AccessTest{}, err
	}
	q := vpn.AccessQuestion{Destination: to, Groups: vpn.IDsOf(out.Groups, func(g vpn.Group) string { return g.ID }), Through: parts.through}
	facts := vpn.AccessFacts{}
	for _, e := range parts.others {
		facts.OtherClients = append(facts.OtherClients, e.ClientCIDR)
		if e.ClientCIDR.Contains(to) {
			out.Other = vpn.EndpointRef{ID: e.ID, Name: e.Name}
		}
	}
	desired := parts.desired()
	if out.Other.ID == "" && !desired.ClientCIDR.Contains(to) && vpn.Decide(desired, "", nil, to) != vpn.DenyUnroutable {
		facts.Way, out.OutUnknown = s.wayOut(ctx, to)
		out.Out = facts.Way
	}
	out.AccessAnswer = q.Answer(desired, facts)
	parts.fill(&out)
	return out, nil
}

// accessDestination reads the address of a question. Field: destination.
func accessDestination(typed string) (netip.Addr, error) {
	var c vpn.Check
	typed = strings.TrimSpace(typed)
	to, err := netip.ParseAddr(typed)
	_, errPort := netip.ParseAddrPort(typed)
	_, errRange := netip.ParsePrefix(typed)
	switch {
	case typed == "":
		c.Bad("destination", "Enter the IPv4 address that a client sends to, for example 10.0.2.77.")
	case errPort == nil:
		c.Bad("destination", "Enter the address without the port: rules and routes hold for every port.")
	case errRange == nil:
		c.Bad("destination", "Enter one address of the range; the list of authorization rules can be searched for a whole range.")
	case err != nil:
		c.Bad("destination", "This is not an IPv4 address, such as 10.0.2.77.")
	case !to.Is4():
		c.Bad("destination", fmt.Sprintf("Only IPv4 is supported inside the tunnel; %s is IPv6.", to))
	}
	return to, c.Err()
}

// wayOut asks the dataplane how its host sends packets to an address.
func (s *Service) wayOut(ctx context.Context, to netip.Addr) (way vpn.WayOut, unknown string) {
	ctx, cancel := context.WithTimeout(ctx, wayTimeout)
	defer cancel()
	way, err := s.dataplane.WayOut(ctx, to)
	if err == nil {
		return way, ""
	}
	unknown = "The dataplane does not answer."
	if e, ok := errors.AsType[*vpn.Error](err); ok {
		unknown = e.Msg
	}
	return vpn.WayOut{}, unknown
}

// AccessUserName gives what the field of a user shows: the name of the user whose ID was typed, or else the text itself.
func (s *Service) AccessUserName(ctx context.Context, by control.Principal, id vpn.EndpointID, typed string) (name string, err error) {
	if !vpn.UserID(typed).Valid() {
		return typed, nil
	}
	err = s.core.Read(ctx, by, vpn.DescribeClientVpnAccess, string(id), func(tx *store.Tx) error {
		u, err := tx.VPNUser(ctx, vpn.UserID(typed))
		if vpn.KindOf(err) == vpn.NotFound {
			name, err = typed, nil
			return err
		}
		name = u.Name
		return err
	})
	return name, err
}

// RuleGroups lists the groups that rules of an endpoint name, by name: no other group changes what is decided.
func (s *Service) RuleGroups(ctx context.Context, by control.Principal, id vpn.EndpointID) (out []vpn.Group, err error) {
	err = s.core.Read(ctx, by, vpn.DescribeClientVpnAuthorizationRules, string(id), func(tx *store.Tx) error {
		rules, err := tx.RulesOf(ctx, id)
		if err != nil {
			return err
		}
		names, err := namesIn(ctx, tx, id, rules)
		for _, r := range rules {
			known := slices.ContainsFunc(out, func(g vpn.Group) bool { return vpn.SameGroup(g.ID, r.Group) })
			if !r.AllUsers && r.Removed == 0 && !known {
				out = append(out, vpn.Group{ID: r.Group, Name: names[r.Group]})
			}
		}
		slices.SortFunc(out, func(a, b vpn.Group) int {
			return cmp.Or(cmp.Compare(strings.ToLower(a.Label()), strings.ToLower(b.Label())), cmp.Compare(a.ID, b.ID))
		})
		return err
	})
	return out, err
}
