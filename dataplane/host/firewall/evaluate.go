package firewall

import (
	"slices"
	"strings"
)

// packet is a sample packet as another firewall sees it: a value for each key that rules match on.
type packet map[string]string

// The keys of a packet. A condition on any other key is unknown.
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

// condition is true where the packet's value is one of values (a trailing * matches any ending),
// or, if negated, where it is none of them. A condition with an empty key cannot be evaluated.
type condition struct {
	key    string
	values []string
	negate bool
}

// answer is the result of a condition or a rule. A rule with a condition that cannot be evaluated
// is skipped, whether it accepts or drops.
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

// rule is one rule of another program: its conditions and its action (accept, drop, jump, goto,
// return, or none). target is the chain of a jump or goto.
type rule struct {
	conditions []condition
	action     string
	target     string
}

func (r rule) holds(p packet) answer {
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
type chains map[string][]rule

// verdict follows a packet through a chain: "accept", "drop", or "" where it reaches the end.
func (cs chains) verdict(name string, p packet, depth int) string {
	if depth > 16 { // the kernel's own limit on nested jumps
		return "drop"
	}
	for _, r := range cs[name] {
		if r.holds(p) != yes {
			continue
		}
		switch r.action {
		case "accept", "drop":
			return r.action
		case "return":
			return ""
		case "jump", "goto":
			if v := cs.verdict(r.target, p, depth+1); v != "" || r.action == "goto" {
				return v
			}
		}
	}
	return ""
}
