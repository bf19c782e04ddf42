package vpn

import (
	"cmp"
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// A status (of an endpoint: a summary) is a resource together with what a list or a page shows beside it: its current
// state, the reason for the state, and what uses it.

// EndpointSummary is an endpoint as lists show it.
type EndpointSummary struct {
	Endpoint
	State        EndpointState
	Connections  int      // live ones
	Away         int      // connections whose clients are away
	Associations int      // those that are not being removed
	Trouble      string   // which parts failed, in a few words; empty: none
	Zones        []string // of its target networks
	Fault        string   // the first fault or warning that its dataplane reports, as a sentence; empty: none
	Works        bool     // Trouble and Fault are warnings
	Untested     int      // target networks to which the way is doubtful (Observation.Doubts)
	OnlyUntested bool     // Trouble and Fault say no more than that
}

// Trouble says in a few words what failed of an endpoint, or may fail; "" where nothing did.
func Trouble(associations []Association, o Observation) string {
	failed, all := 0, 0
	for _, a := range associations {
		if state, _ := a.State(o); state == AssociationFailed {
			failed++
		}
		if a.Removed == 0 {
			all++
		}
	}
	warnings := 0
	for _, f := range o.Faults {
		if f.Warning {
			warnings++
		}
	}
	switch n := len(o.Faults) - warnings; {
	case failed == 1 && all == 1:
		return "The target network failed"
	case failed > 0:
		return fmt.Sprintf("%d of %d target networks failed", failed, all)
	case n == 1:
		return "1 fault"
	case n > 1:
		return fmt.Sprintf("%d faults", n)
	case warnings > 0 && warnings == o.Untested:
		return untested(o.Untested)
	case warnings > 0:
		return "Warning"
	default:
		return ""
	}
}

func untested(n int) string {
	if n == 1 {
		return "1 target network not tested"
	}
	return fmt.Sprintf("%d target networks not tested", n)
}

// ConnectionSummary is a connection as lists show it.
type ConnectionSummary struct {
	Connection
	EndpointName string    // empty where it has none or was deleted
	Target       string    // name or ID of the subnet; empty where the association is gone
	SessionEnds  time.Time // when the VPN session ends at the latest; zero where that is not known
	MoreGroups   bool      // the user has more groups than count
	// User is the row of the user of an identity provider; empty: not known, or a user of client certificates.
	User    UserID
	Blocked bool // the user
}

// End is when the connection ended, or ends at the latest; zero where that is not known.
func (c ConnectionSummary) End() time.Time {
	if !c.EndedAt.IsZero() {
		return c.EndedAt
	}
	return c.SessionEnds
}

// AssociationStatus is a target network association with its state. Reason says what it waits for, why
// it failed, or what may go wrong though it is associated; otherwise it is empty.
type AssociationStatus struct {
	Association
	State      AssociationState
	Reason     string
	SubnetName string
	Way        Way   // by which the host reaches it
	Test       Probe // the last one; without a time: there was none
	// Lacks are the destinations that other target networks of the endpoint have a route to and this one has not (UnequalRoutes).
	Lacks []netip.Prefix
}

// RuleStatus is an authorization rule with its state. Warning says what else is missing for packets
// to pass (see Warnings).
type RuleStatus struct {
	Rule
	State   RuleState
	Reason  string
	Warning string
	// GroupName is the name of the access group, where it is known.
	GroupName string
	Match     RuleMatch // with what the list of rules is searched for
}

// Grantee names the users that the rule allows, a group by name and ID.
func (r RuleStatus) Grantee() string {
	if r.AllUsers || r.GroupName == "" {
		return r.Rule.Grantee()
	}
	return "group " + Group{ID: r.Group, Name: r.GroupName}.Label()
}

// Warn adds a sentence to the warning.
func (r *RuleStatus) Warn(sentence string) { r.Warning = strings.TrimSpace(r.Warning + " " + sentence) }

// RouteStatus is a route with its state. Warning says which target networks lack a route to the destination (UnequalRoutes).
type RouteStatus struct {
	Route
	State   RouteState
	Reason  string
	Warning string
	Way     Way    // by which the host reaches the destination, in a list; not Known where the dataplane does not tell
	Doubt   string // what is doubtful about Way (Route.WayDoubt)
}

// NetworkStatus is a network with the number of its subnets.
type NetworkStatus struct {
	Network
	Subnets int
}

// RangeStatus is a range of a network with the host's way to it.
type RangeStatus struct {
	CIDR  netip.Prefix
	Way   Way    // not Known where the dataplane does not tell
	Doubt string // what is doubtful about it (Way.RangeDoubt)
}

// SubnetStatus is a subnet with the endpoints that have it as a target network.
type SubnetStatus struct {
	Subnet
	Endpoints []EndpointRef
	Way       Way // by which the host reaches it, in a list; not Known where the dataplane does not tell
}

// CertificateStatus is a certificate with the endpoints that use it. Issued counts the
// certificates that are kept here and that it issued; it is 0 where it is no authority.
type CertificateStatus struct {
	Certificate
	UsedBy []EndpointRef
	// AcceptedBy are the endpoints that take a client certificate, where it was issued here and is shown alone.
	AcceptedBy []EndpointRef
	// Connected are the endpoints where a client is connected with it, or was and keeps its session, in a list of certificates.
	Connected []EndpointRef
	Login     CertificateLogin // the last one with it, of a client certificate
	Issued    int
	Devices   int               // certificates of devices of users that it issued
	Blocked   *CertificateBlock // nil: it is not blocked
	Revoked   *Revocation       // nil: no list has it
	// Of one certificate that is shown alone:
	CanRenew     bool
	RenewsItself bool // by the setting; where an endpoint uses it
	Namesakes    int  // other client certificates with its common name that have not expired
}

// CertificateLogin is a login with a client certificate that was granted.
type CertificateLogin struct {
	At       time.Time // zero: there was none
	Endpoint EndpointRef
}

// EndpointRef names an endpoint where another thing refers to it.
type EndpointRef struct {
	ID   EndpointID
	Name string // empty where it has none
}

// Label is what lists call the endpoint.
func (r EndpointRef) Label() string { return cmp.Or(r.Name, string(r.ID)) }

// Status gives the rule with its state, from what was applied.
func (r Rule) Status(o Observation) RuleStatus {
	s := RuleStatus{Rule: r}
	s.State, s.Reason = r.State(o)
	return s
}

// Status gives the route with its state, from what was applied.
func (r Route) Status(o Observation) RouteStatus {
	s := RouteStatus{Route: r}
	s.State, s.Reason = r.State(o)
	return s
}

// Status gives the association with its state, from what was applied.
func (a Association) Status(o Observation, subnetName string) AssociationStatus {
	s := AssociationStatus{Association: a, SubnetName: subnetName, Way: o.WayTo(a.ID)}
	if s.State, s.Reason = a.State(o); s.State == Associated {
		s.Reason = o.WarningOf(string(a.ID))
	}
	return s
}
