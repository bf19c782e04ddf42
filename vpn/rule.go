package vpn

import (
	"fmt"
	"net/netip"
	"strings"
	"time"
	"unicode/utf8"
)

// Rule is an authorization rule: it lets all users, or the members of one group, reach a
// destination network (guide, "Authorization rules").
type Rule struct {
	ID          RuleID
	Endpoint    EndpointID
	Destination netip.Prefix
	AllUsers    bool
	Group       string // access group ID, empty when AllUsers
	Description string
	CreatedAt   time.Time
	Generations
}

// RuleState is where a rule is in its life.
type RuleState string

// The rule states.
const (
	RuleAuthorizing RuleState = "authorizing"
	RuleActive      RuleState = "active"
	RuleRevoking    RuleState = "revoking"
	RuleFailed      RuleState = "failed"
)

// maxGroupID is the longest access group ID, in characters (guide, "Client VPN quotas").
const maxGroupID = 255

// RuleSpec is a request for a rule as typed.
type RuleSpec struct {
	Destination string
	AllUsers    bool
	Group       string
	GroupName   string // as the directory spells it, where the group was searched there; empty: not known
	Description string
}

var ruleStates = partStates[RuleState]{RuleAuthorizing, RuleActive, RuleFailed, RuleRevoking}

// State reports the applied state, not the desired one, and the reason for it.
func (r Rule) State(o Observation) (RuleState, string) {
	return ruleStates.state(string(r.ID), r.Generations, o)
}

// Authorize checks a rule against the rules of the endpoint and creates it.
// Fields: destination, group, description.
func (e *Endpoint) Authorize(s RuleSpec, present []Rule, q Quotas, now time.Time) (Rule, error) {
	if e.Deleting {
		return Rule{}, ErrEndpointDeleting(e.ID)
	}
	var c Check
	r := Rule{ID: NewRuleID(), Endpoint: e.ID, AllUsers: s.AllUsers, CreatedAt: now}
	p, err := ParseCIDR(s.Destination)
	if err != nil {
		c.Bad("destination", err.Error())
	} else if why := unroutableReason(p); why != "" { // a rule for it would open addresses that only the host itself may reach
		c.Bad("destination", fmt.Sprintf("%s lies in %s.", p, why))
	}
	r.Destination = p
	r.Description = checkDescription(&c, "description", s.Description)
	if !s.AllUsers {
		r.Group = strings.TrimSpace(s.Group)
		if !e.UserBased() {
			c.Bad("group", "Clients of this endpoint have certificates, which belong to no group. An access group needs an endpoint with user-based authentication.")
		} else {
			checkGroupID(&c, r.Group)
		}
		if r.Group = CanonicalGroup(r.Group); !c.Has("group") {
			checkGroupID(&c, r.Group)
		}
	}
	for _, o := range present {
		if o.Removed == 0 && o.Destination == p && o.AllUsers == r.AllUsers && SameGroup(o.Group, r.Group) && !c.Has("destination") {
			c.Bad("destination", fmt.Sprintf("There is already an authorization rule for %s and %s.", p, r.Grantee()))
		}
	}
	live := countLive(present, func(o Rule) uint64 { return o.Removed })
	if err := Together(c.Err(), checkParts("authorization rules", live, 1, q.Rules)); err != nil {
		return Rule{}, err
	}
	e.Generation++
	r.Added = e.Generation
	return r, nil
}

// WellFormedGroupID tells whether a text can be the ID of an access group.
func WellFormedGroupID(group string) bool {
	var c Check
	checkGroupID(&c, group)
	return c.Err() == nil
}

func checkGroupID(c *Check, group string) {
	switch {
	case group == "":
		c.Bad("group", "Enter the ID of the access group.")
	case utf8.RuneCountInString(group) > maxGroupID:
		c.Bad("group", fmt.Sprintf("An access group ID has at most %d characters.", maxGroupID))
	case !isPrintable(group):
		c.Bad("group", "An access group ID is one line of printable text.")
	}
}

// Revoke marks a rule as removed in the next generation.
func (e *Endpoint) Revoke(r *Rule) error {
	if r.Endpoint != e.ID {
		return NoSuch(CodeRuleNotFound, "authorization rule", string(r.ID))
	}
	if r.Removed != 0 {
		return Refuse(Conflict, CodeIncorrectState, "This authorization rule is already being removed.")
	}
	e.Generation++
	r.Removed = e.Generation
	return nil
}

// Grantee names the users that the rule allows.
func (r Rule) Grantee() string {
	if r.AllUsers {
		return "all users"
	}
	return "group " + r.Group
}
