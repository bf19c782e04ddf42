package admin

import (
	"fmt"
	"net/netip"
	"strings"

	"sallyport/views/help"
	"sallyport/views/layout"
	"sallyport/views/parts"
	"sallyport/vpn"
)

// AccessPage is the page Test access of an endpoint.
type AccessPage struct {
	Chrome      layout.Chrome
	Header      parts.Header
	Endpoint    vpn.Endpoint
	Destination parts.Field
	User        parts.Field
	Groups      AccessGroups
	Refused     parts.Form    // what is wrong with the question
	Answer      *AccessResult // nil: nothing was asked
}

// AccessGroups are the groups that a question can be about: those that rules name.
type AccessGroups struct {
	List   []vpn.Group
	Picked []string
	Err    string
}

// AccessResult is an answer.
type AccessResult struct {
	vpn.AccessAnswer
	Who        string // "alice", "a user of group Engineering", "a client"
	Groups     []vpn.Group
	User       vpn.User // zero: none is meant
	Ways       []AccessWay
	Deciding   []AccessRule
	Wider      []vpn.RuleStatus
	Connected  int // connections of the user
	Out        vpn.WayOut
	OutUnknown string
	SourceNAT  bool
	HolderName string // the user of the client that has the address; empty: none
	Other      vpn.EndpointRef
	Notes      []string       // what is not as it should be: the user is blocked, changes are not in effect
	Next       []parts.Button // what would let the packets pass, or what to do next; the first one first
}

// AccessWay is a target network in an answer.
type AccessWay struct {
	vpn.AccessWay
	Target    vpn.AssociationStatus
	Routes    []vpn.RouteStatus
	Connected int // connections of the user through it
}

// AccessRule is a rule that decides.
type AccessRule struct {
	vpn.RuleStatus
	Grants bool
}

// The parameters of the page.
const (
	AccessToParam    = "destination"
	AccessUserParam  = "user"
	AccessGroupParam = "group"
)

// AccessPath is the page that tells who reaches what through an endpoint.
func AccessPath(id vpn.EndpointID) string { return EndpointPath(id, "test-access") }

// AccessToPath is the answer about an address.
func AccessToPath(id vpn.EndpointID, to netip.Addr) string {
	return AccessPath(id) + query(AccessToParam, to.String())
}

// RoutesHelpPath is the help about the host's ways to what routes lead to.
const RoutesHelpPath = help.Path + "/routes#whether-the-host-reaches-the-destination"

// AccessOfPath is the page with a user chosen.
func AccessOfPath(id vpn.EndpointID, user vpn.UserID) string {
	return AccessPath(id) + query(AccessUserParam, string(user))
}

func (g AccessGroups) picked(id string) bool {
	for _, p := range g.Picked {
		if vpn.SameGroup(p, id) {
			return true
		}
	}
	return false
}

// tone of the alert with the verdict.
func (r AccessResult) tone() string {
	switch {
	case r.Verdict != vpn.Allow:
		return "danger"
	case r.Partly || len(r.Notes) > 0:
		return "warning"
	}
	return "success"
}

// word is the verdict in a word or two: who does not let the packets pass.
func (r AccessResult) word() string {
	switch {
	case r.Verdict == vpn.DenyNoRoute && len(r.Ways) == 0:
		return "No target network"
	case r.Verdict == vpn.DenyNoRoute:
		return "No route of the endpoint"
	case r.Verdict == vpn.DenyNoWay:
		return "No way from this host"
	case r.Verdict == vpn.DenyUnroutable:
		return "Not routable"
	case r.Verdict != vpn.Allow:
		return "Denied"
	case r.Partly:
		return "Depends on the target network"
	}
	return "Allowed"
}

// headline is the verdict in a sentence.
func (r AccessResult) headline() string {
	switch {
	case r.Verdict != vpn.Allow:
		return fmt.Sprintf("%s: %s does not reach %s.", r.word(), r.Who, r.Destination)
	case r.Partly && r.Connected > 0:
		return fmt.Sprintf("Only some connections of %s reach %s.", r.Who, r.Destination)
	case r.Partly:
		return fmt.Sprintf("It depends on the target network whether %s reaches %s.", r.Who, r.Destination)
	}
	return fmt.Sprintf("Allowed: %s reaches %s.", r.Who, r.Destination)
}

// why is the reason of the verdict.
func (r AccessResult) why() string {
	to := r.Destination.String()
	switch r.Verdict {
	case vpn.Allow:
		return r.whyAllowed()
	case vpn.DenyNoRoute:
		return r.whyNoRoute()
	case vpn.DenyNoRule:
		if r.NamedOnly && !r.Out.Own {
			return "A cloud hands out credentials of this host at " + to + ". Only a rule for exactly " + to + "/32 opens it."
		}
		return "No authorization rule contains " + to + "."
	case vpn.DenyGroup:
		return "The most specific rules that contain " + to + " are those for " + r.Deciding[0].Destination.String() + ", and they are for groups that " + r.Who + " is not in. Wider rules are not asked."
	case vpn.DenyOtherClient:
		return to + " lies in the client CIDR, and clients of this endpoint do not reach each other: the route table has no local route."
	case vpn.DenyUnroutable:
		return to + " lies in a range to which no packet may be sent: loopback, link-local, multicast or reserved."
	case vpn.DenyGateway:
		return to + " is the endpoint's own end of the tunnel. It answers ping and nothing else, whatever rules say."
	case vpn.DenyOtherEndpoint:
		return to + " lies in the client CIDR of endpoint " + r.Other.Label() + ". Clients of one endpoint do not reach those of another."
	case vpn.DenyHost:
		return to + " is an address of the VPN host itself. Only a rule for exactly " + to + "/32 opens it."
	case vpn.DenyPolicy:
		return "The host policy forbids " + to + ", whatever rules say."
	default:
		return "Rules and routes let the packets pass, but they do not leave the host. " + r.Out.Problem
	}
}

func (r AccessResult) whyAllowed() string {
	by := "A rule for " + r.Deciding[0].Destination.String() + " grants access"
	switch {
	case r.Partly:
		return by + ", and only some target networks have a route that contains " + r.Destination.String() + "."
	case r.Client && r.HolderName != "":
		return by + ", and the local route leads to other clients. " + r.HolderName + " has the address now."
	case r.Client:
		return by + ", and the local route leads to other clients. No client has the address now."
	}
	return by + ", and a route contains " + r.Destination.String() + ". Rules and routes hold for every protocol and port."
}

func (r AccessResult) whyNoRoute() string {
	to := r.Destination.String()
	switch {
	case len(r.Ways) == 0:
		return "No target network is associated with the endpoint, so no client can connect."
	case r.Connected > 0:
		return "No route contains " + to + " for the target network of " + parts.YesNo(r.Connected == 1, "the connection", "the connections") + " of " + r.Who + "."
	}
	text := "No route of the route table contains " + to + "."
	if len(r.Deciding) == 0 {
		text += " Nor does an authorization rule: both are needed."
	}
	return text
}

// chip is the verdict through a target network, as a state.
func (w AccessWay) chip() string {
	switch w.Verdict {
	case vpn.Allow:
		return "allowed"
	case vpn.DenyNoRoute:
		return "no route"
	case vpn.DenyNoWay:
		return "no way"
	default:
		return "denied"
	}
}

// wayColumns are the columns of the table of target networks.
func (r AccessResult) wayColumns() []parts.Column {
	columns := parts.Heads("Target network of the connection", "Route", "Verdict")
	if r.Connected > 0 {
		columns = append(columns, parts.Column{Label: "Connections of " + r.Who, Right: true})
	}
	return columns
}

// groupNames lists groups by name.
func groupNames(groups []vpn.Group) string {
	names := make([]string, len(groups))
	for i, g := range groups {
		names[i] = g.Label()
	}
	return strings.Join(names, ", ")
}

// matchText says what a rule has to do with the address or range that the list is searched for.
func matchText(m vpn.RuleMatch) string {
	switch m {
	case vpn.MatchDecides:
		return "Decides"
	case vpn.MatchWider:
		return "Wider: not asked"
	case vpn.MatchInside:
		return "Decides about a part"
	}
	return ""
}

// rulesAboutText says which rules of the list decide about what it is searched for.
func rulesAboutText(v RuleTab) string {
	asked := v.Asked.String()
	if v.Asked.IsSingleIP() {
		asked = v.Asked.Addr().String()
	}
	for _, r := range v.Rows {
		if r.Match == vpn.MatchDecides {
			return r.Destination.String() + " is the most specific destination that contains " + asked + ": its rules decide, and wider ones are not asked."
		}
	}
	if v.List.Total == 0 {
		return "No rule contains " + asked + ", so it is denied."
	}
	return "These rules have to do with " + asked + "."
}

func matchTone(m vpn.RuleMatch) string {
	switch m {
	case vpn.MatchDecides:
		return "badge bg-green-lt"
	case vpn.MatchInside:
		return "badge bg-yellow-lt"
	case vpn.MatchWider:
	}
	return "badge bg-secondary-lt"
}
