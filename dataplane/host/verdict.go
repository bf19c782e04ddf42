package host

import (
	"slices"
	"strings"
)

// packet is one of ours as a foreign firewall sees it: the values of the keys that rules ask for.
type packet map[string]string

// The keys of a packet. A condition on anything else is unknown.
const (
	keyIn       = "iifname"
	keyOut      = "oifname"
	keyState    = "ct state"
	keyStatus   = "ct status"
	keyProtocol = "l4proto"
	keyPort     = "dport"
	keyFrom     = "sport"
	keyFamily   = "nfproto"
)

// condition is met where the packet's value is one of values (a trailing * stands for any
// ending), or is not, if negated. An empty key is a condition that cannot be judged.
type condition struct {
	key    string
	values []string
	negate bool
}

// answer is what can be said of a condition or a rule: an accept behind a condition that cannot
// be judged does not count, and neither does a drop.
type answer int

const (
	unknown answer = iota
	yes
	no
)

func (c condition) holds(p packet) answer {
	value, ok := p[c.key]
	if !ok {
		return unknown
	}
	hit := slices.ContainsFunc(c.values, func(v string) bool {
		stem, wild := strings.CutSuffix(v, "*")
		return v == value || wild && strings.HasPrefix(value, stem)
	})
	if hit != c.negate {
		return yes
	}
	return no
}

// foreignRule is one rule of somebody else's: what it asks, and what it then does (accept, drop,
// jump, goto, return, or nothing).
type foreignRule struct {
	conditions []condition
	does       string
	target     string
}

func (r foreignRule) holds(p packet) answer {
	result := yes
	for _, c := range r.conditions {
		switch c.holds(p) {
		case no:
			return no
		case unknown:
			result = unknown
		case yes:
		}
	}
	return result
}

// chains are the rules of one table by chain name.
type chains map[string][]foreignRule

// judge follows a packet through a chain: accept, drop, or "" where it comes out at the end.
func (cs chains) judge(name string, p packet, depth int) string {
	if depth > 16 { // the kernel's own limit on nested jumps
		return "drop"
	}
	for _, r := range cs[name] {
		if r.holds(p) != yes {
			continue
		}
		switch r.does {
		case "accept", "drop":
			return r.does
		case "return":
			return ""
		case "jump", "goto":
			if v := cs.judge(r.target, p, depth+1); v != "" || r.does == "goto" {
				return v
			}
		}
	}
	return ""
}
