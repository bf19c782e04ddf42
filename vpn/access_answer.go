package vpn

import (
	"net/netip"
	"slices"
)

// AccessQuestion asks whether a client of an endpoint may send to an address.
type AccessQuestion struct {
	Destination netip.Addr
	Groups      []string        // that the user is in
	Through     []AssociationID // that the connections of the user have; none: any of the endpoint
}

// AccessFacts are what decides beside the desired state of the endpoint.
type AccessFacts struct {
	OtherClients []netip.Prefix // the client CIDRs of other endpoints
	Way          WayOut         // zero: not known
}

// AccessAnswer is the answer to an AccessQuestion.
type AccessAnswer struct {
	AccessQuestion
	Verdict Verdict // of the associations that were asked about; of several, that which is nearest to Allow
	// Partly tells that only some of these associations have the verdict, which is Allow then.
	Partly   bool
	Ways     []AccessWay    // through each association of the endpoint
	Deciding []DecidingRule // the rules of the most specific destination that contains the address
	Wider    []DesiredRule  // the other rules whose destination contains it, the narrowest first: they are not asked
	// NamedOnly tells that only a rule for exactly this address opens it: the host itself, or where a cloud hands out credentials.
	NamedOnly bool
	Client    bool // the address belongs to the client CIDR
}

// AccessWay is the answer for the clients of one association.
type AccessWay struct {
	Association AssociationID
	Asked       bool
	Routes      []netip.Prefix // that contain the address, the narrowest first
	Verdict     Verdict
}

// DecidingRule is an authorization rule of the most specific destination. Grants tells whether it lets the user through.
type DecidingRule struct {
	DesiredRule
	Grants bool
}

// Answer tells what the rules and routes of an endpoint mean for the question. What they decide is what Decide says; the host
// refuses more: its own addresses, those of clients of other endpoints, and what its policy forbids.
func (q AccessQuestion) Answer(d Desired, f AccessFacts) AccessAnswer {
	a := AccessAnswer{AccessQuestion: q, Client: d.ClientCIDR.Contains(q.Destination), NamedOnly: f.Way.Own || isMetadata(q.Destination)}
	best := decidingBits(d.Rules, q.Destination)
	for _, r := range d.Rules {
		switch {
		case !r.Destination.Contains(q.Destination):
		case r.Destination.Bits() == best && (!a.NamedOnly || r.Destination.IsSingleIP()):
			a.Deciding = append(a.Deciding, DecidingRule{DesiredRule: r, Grants: r.grants(q.Groups)})
		default:
			a.Wider = append(a.Wider, r)
		}
	}
	slices.SortStableFunc(a.Wider, func(x, y DesiredRule) int { return y.Destination.Bits() - x.Destination.Bits() })
	verdicts := map[Verdict]bool{}
	for _, as := range d.Associations {
		w := AccessWay{Association: as.ID, Asked: len(q.Through) == 0 || slices.Contains(q.Through, as.ID), Verdict: q.through(d, f, as.ID)}
		for _, p := range as.Routes {
			if p.Contains(q.Destination) {
				w.Routes = append(w.Routes, p)
			}
		}
		slices.SortFunc(w.Routes, func(x, y netip.Prefix) int { return y.Bits() - x.Bits() })
		if w.Asked {
			verdicts[w.Verdict] = true
		}
		a.Ways = append(a.Ways, w)
	}
	if len(verdicts) == 0 {
		verdicts[q.through(d, f, "")] = true
	}
	a.Verdict, a.Partly = nearest(verdicts)
	return a
}

// through is the verdict for the clients of one association.
func (q AccessQuestion) through(d Desired, f AccessFacts, association AssociationID) Verdict {
	v := Decide(d, association, q.Groups, q.Destination)
	switch {
	case v == DenyUnroutable:
		return v
	case q.Destination == Gateway(d.ClientCIDR):
		return DenyGateway
	case slices.ContainsFunc(f.OtherClients, func(p netip.Prefix) bool { return p.Contains(q.Destination) }):
		return DenyOtherEndpoint
	case d.ClientCIDR.Contains(q.Destination):
		return v
	case f.Way.Forbidden:
		return DenyPolicy
	case v != Allow:
		return v
	case f.Way.Own:
		if decidingBits(d.Rules, q.Destination) < q.Destination.BitLen() {
			return DenyHost
		}
	case f.Way.Problem != "":
		return DenyNoWay
	}
	return v
}

// nearest gives, of the verdicts through several associations, that which is nearest to Allow.
func nearest(verdicts map[Verdict]bool) (v Verdict, partly bool) {
	if verdicts[Allow] {
		return Allow, len(verdicts) > 1
	}
	v = DenyNoRoute
	for other := range verdicts {
		v = max(v, other) // with a route it says more
	}
	return v, false
}
