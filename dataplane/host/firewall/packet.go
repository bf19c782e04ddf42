package firewall

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// packet describes the packets of one flow as another firewall sees them: what is known about each
// key that rules match on.
type packet map[string]value

// The keys of a packet. A condition on any other key cannot be judged.
const (
	keyIn          = "iifname"
	keyOut         = "oifname"
	keyState       = "ct state"
	keyStatus      = "ct status"
	keyDirection   = "ct direction"
	keyProtocol    = "l4proto"
	keyPort        = "dport"
	keyFrom        = "sport"
	keyFamily      = "nfproto"
	keySource      = "saddr"
	keyDestination = "daddr"
	keySourceType  = "fib saddr type"
	keyType        = "fib daddr type"
	keyReturnPath  = "fib saddr oif"
	keyPacketType  = "pkttype"
	keyFragment    = "fragment"
	keyPart        = "part" // holds for some packets of every flow: a length, an ICMP type
)

// value is what is known about a key. The zero value says that some packets of the flow match a
// condition and some do not.
type value struct {
	is    []string       // the packets have one of these, all the same one
	never []string       // where is is empty: no packet has these
	in    []netip.Prefix // of an address: all packets have one of these, some each
}

func exactly(s string) value { return value{is: []string{s}} }

// condition is true where the packet's value is one of values (a trailing * matches any ending; a
// number may be a range "1-9"), or, if negated, where it is none of them. For addresses it has
// prefixes instead. A condition with an empty key cannot be judged.
type condition struct {
	key    string
	values []string
	in     []netip.Prefix
	negate bool
}

// answer tells for which packets of a flow a condition or a rule holds.
type answer int

const (
	unknown answer = iota // it cannot be judged
	yes                   // for all
	no                    // for none
	some                  // for some and not for others
)

func (c condition) holds(p packet) answer {
	v, ok := p[c.key]
	if !ok {
		return unknown
	}
	result := some
	switch {
	case c.key == keySource || c.key == keyDestination:
		result = contains(c.in, v.in)
	case len(v.is) > 0:
		result = no
		if slices.ContainsFunc(v.is, c.matches) {
			result = yes
		}
	case len(c.values) > 0 && !slices.ContainsFunc(c.values, func(s string) bool { return !v.excludes(s) }):
		result = no
	}
	switch {
	case c.negate && result == yes:
		return no
	case c.negate && result == no:
		return yes
	}
	return result
}

func (c condition) matches(is string) bool {
	return slices.ContainsFunc(c.values, func(v string) bool {
		if v == is {
			return true
		}
		if stem, wild := strings.CutSuffix(v, "*"); wild && strings.HasPrefix(is, stem) {
			return true
		}
		first, last, isRange := strings.Cut(v, "-")
		n, err := strconv.Atoi(is)
		from, err1 := strconv.Atoi(first)
		to, err2 := strconv.Atoi(last)
		return isRange && err == nil && err1 == nil && err2 == nil && from <= n && n <= to
	})
}

// excludes tells whether no packet has the value that a rule names.
func (v value) excludes(named string) bool {
	return slices.ContainsFunc(v.never, func(n string) bool {
		stem, wild := strings.CutSuffix(n, "*")
		return n == named || wild && strings.HasPrefix(named, stem)
	})
}
