package firewall

import "slices"

// rule is one rule of another program: its conditions and its action (accept, drop, jump, goto,
// return, other, or none). target is the chain of a jump or goto.
type rule struct {
	conditions []condition
	action     string
	target     string
}

// actionOther is an action that this package does not know: it may end the evaluation or not.
const actionOther = "other"

// holds combines the conditions: one that does not hold decides, then one that cannot be judged.
func (r rule) holds(p packet) answer {
	result := yes
	for _, c := range r.conditions {
		switch a := c.holds(p); {
		case a == no:
			return no
		case a == some || a == unknown && result == yes:
			result = a
		}
	}
	return result
}

// chains are the rules of one table by chain name.
type chains map[string][]rule

// outcome is what may become of a packet: the results that are possible, one bit each.
type outcome int

const (
	accepted outcome = 1 << iota
	dropped
	passed // it reaches the end of the chain
)

// verdict follows the packets of a flow through a chain. A rule that cannot be judged both applies
// and does not. So does a rule that holds for some of the packets, unless they are typical: then
// it does not apply. An outcome without accepted and passed is a certain drop.
func (cs chains) verdict(name string, p packet, typical bool) outcome {
	return cs.follow(name, p, typical, nil)
}

func (cs chains) follow(name string, p packet, typical bool, path []string) outcome {
	rules, known := cs[name]
	if !known || len(path) > maxJumps || slices.Contains(path, name) {
		return accepted | dropped | passed
	}
	path = append(slices.Clone(path), name)
	var out outcome
	for _, r := range rules {
		holds := r.holds(p)
		if holds == no || holds == some && typical {
			continue
		}
		var result outcome
		ends := false
		switch r.action {
		case "accept":
			result, ends = accepted, true
		case "drop":
			result, ends = dropped, true
		case "return":
			result, ends = passed, true
		case "goto":
			result, ends = cs.follow(r.target, p, typical, path), true
		case "jump":
			result = cs.follow(r.target, p, typical, path)
			ends = result&passed == 0
			result &^= passed
		case actionOther:
			result = accepted | dropped
		}
		out |= result
		if ends && holds == yes {
			return out
		}
	}
	return out | passed
}

// maxJumps is the kernel's own limit on nested jumps.
const maxJumps = 16
