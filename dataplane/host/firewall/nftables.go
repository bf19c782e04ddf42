package firewall

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
)

// tableChains reads the chains of one table. Rules that iptables wrote into nftables are read with
// iptables where it is installed: nft cannot express all of their matches.
func tableChains(ctx context.Context, family, table string) (chains, error) {
	if family == "ip" && slices.Contains([]string{"filter", "mangle", "raw", "security"}, table) {
		if saved, err := runReadOnly(ctx, "iptables-nft-save", "-t", table); err == nil {
			if rules, policies := parseSave(string(saved)); len(policies) > 0 {
				return rules, nil
			}
		}
	}
	return nftChains(ctx, family, table)
}

// nftChains reads one table as nft lists it in JSON (libnftables-json(5)).
func nftChains(ctx context.Context, family, table string) (chains, error) {
	raw, err := runReadOnly(ctx, "nft", "-j", "list", "table", family, table)
	if err != nil {
		return nil, err
	}
	return parseTable(raw)
}

// nftSets are the named sets and maps of one table, as the right side of a match has them.
type nftSets map[string][]any

func parseTable(raw []byte) (chains, error) {
	type set struct {
		Name string
		Elem []any
	}
	var list struct {
		Nftables []struct {
			Set, Map *set
			Chain    *struct{ Name string }
			Rule     *struct {
				Chain string
				Expr  []map[string]any
			}
		}
	}
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, fmt.Errorf("parse the output of nft: %w", err)
	}
	sets := nftSets{}
	for _, entry := range list.Nftables {
		for _, s := range []*set{entry.Set, entry.Map} {
			if s != nil {
				sets["@"+s.Name] = s.Elem
			}
		}
	}
	out := chains{}
	for _, entry := range list.Nftables {
		switch {
		case entry.Chain != nil:
			out[entry.Chain.Name] = append(out[entry.Chain.Name], []rule{}...)
		case entry.Rule != nil:
			out[entry.Rule.Chain] = append(out[entry.Rule.Chain], sets.parseRule(entry.Rule.Expr)...)
		}
	}
	return out, nil
}

// parseRule returns one rule, or one for each element of a verdict map.
func (sets nftSets) parseRule(statements []map[string]any) []rule {
	var r rule
	for _, s := range statements {
		for kind, body := range s {
			switch kind {
			case "match":
				r.conditions = append(r.conditions, sets.parseMatch(body)...)
			case "accept", "drop", "return":
				r.action = kind
			case "reject":
				r.action = "drop"
			case "jump", "goto":
				r.action, r.target = kind, memberOf[string](body, "target")
			case "vmap":
				return sets.parseVerdicts(r, body)
			case "xt":
				r.addExtension(memberOf[string](body, "type"), memberOf[string](body, "name"))
			case "counter", "log", "comment", "mangle", "notrack", "set", "map", "flow", "dup", "ct helper", "ct timeout", "ct expectation", "secmark", "reset":
			case "limit", "quota", "ct count", "last": // depends on more than the packet
				r.conditions = append(r.conditions, condition{})
			default: // queue, synproxy, tproxy and the like
				r.action = actionOther
			}
		}
	}
	return []rule{r}
}

// addExtension adds a match or target of iptables that nft cannot express. nft before version 1.0.8
// does not say which it is.
func (r *rule) addExtension(kind, name string) {
	switch {
	case kind == "target" && name == "REJECT":
		r.action = "drop"
	case kind == "target" && slices.Contains(harmlessTargets, name):
	case kind == "match":
		r.conditions = append(r.conditions, condition{})
	default:
		r.conditions = append(r.conditions, condition{})
		if r.action == "" {
			r.action = actionOther
		}
	}
}

// parseMatch returns the condition of a match, and the one that nft implies: "tcp dport 22" holds for
// TCP only.
func (sets nftSets) parseMatch(body any) []condition {
	left, op := memberOf[map[string]any](body, "left"), memberOf[string](body, "op")
	c := condition{negate: op == "!="}
	if masked, ok := left["&"].([]any); ok && len(masked) > 0 { // some bits of a field
		left, _ = masked[0].(map[string]any)
		if c.key = keyOf(left); c.key != keyFragment && c.key != "" {
			c.key = keyPart
		}
	} else {
		c.key = keyOf(left)
	}
	implied := protocolOf(left)
	values, ok := sets.valuesOf(memberOf[any](body, "right"))
	switch {
	case c.key == "", !ok && c.key != keyPart, op != "==" && op != "!=" && op != "in":
		if c.key != keyPart {
			return append(implied, condition{})
		}
	case c.key == keySource || c.key == keyDestination:
		if c.in, ok = parsePrefixes(values); !ok {
			return append(implied, condition{})
		}
	default:
		c.values = values
	}
	return append(implied, c)
}

// protocolOf returns what a payload expression says about the protocol of the packets.
func protocolOf(left map[string]any) []condition {
	switch name := memberOf[string](memberOf[any](left, "payload"), "protocol"); name {
	case "tcp", "udp", "icmp", "icmpv6", "sctp", "dccp", "udplite", "esp", "ah":
		return []condition{{key: keyProtocol, values: []string{name}}}
	case "ip":
		return []condition{{key: keyFamily, values: []string{"ipv4"}}}
	case "ip6":
		return []condition{{key: keyFamily, values: []string{"ipv6"}}}
	}
	return nil
}

func keyOf(left map[string]any) string {
	if meta := memberOf[map[string]any](left, "meta"); meta != nil {
		switch k := memberOf[string](meta, "key"); k {
		case "iif", "iifname":
			return keyIn
		case "oif", "oifname":
			return keyOut
		case "l4proto", "nfproto", "pkttype":
			return k
		case "length":
			return keyPart
		}
	}
	if ct := memberOf[map[string]any](left, "ct"); ct != nil && memberOf[string](ct, "dir") == "" {
		switch k := "ct " + memberOf[string](ct, "key"); k {
		case keyState, keyStatus, keyDirection:
			return k
		}
	}
	if fib := memberOf[map[string]any](left, "fib"); fib != nil {
		flags, _ := valuesIn(fib["flags"])
		result := memberOf[string](fib, "result")
		switch {
		case slices.Contains(flags, "mark"):
		case result == "type" && slices.Contains(flags, "daddr"):
			return keyType
		case result == "type" && slices.Contains(flags, "saddr"):
			return keySourceType
		case result == "oif" && slices.Contains(flags, "saddr"):
			return keyReturnPath
		}
	}
	if payload := memberOf[map[string]any](left, "payload"); payload != nil {
		switch memberOf[string](payload, "field") {
		case "dport":
			return keyPort
		case "sport":
			return keyFrom
		case "protocol", "nexthdr":
			return keyProtocol
		case "saddr":
			return keySource
		case "daddr":
			return keyDestination
		case "frag-off":
			return keyFragment
		case "length", "ttl", "dscp", "tos", "id", "flags", "type", "code", "ecn", "checksum", "sequence":
			return keyPart
		}
	}
	return ""
}

// valuesOf reads a value, a list or a set of values; the elements of a named set too.
func (sets nftSets) valuesOf(right any) ([]string, bool) {
	if name, ok := right.(string); ok && len(name) > 0 && name[0] == '@' {
		elements, known := sets[name]
		if !known {
			return nil, false
		}
		return valuesIn(elements)
	}
	return valuesIn(right)
}

func valuesIn(right any) ([]string, bool) {
	switch v := right.(type) {
	case string:
		return []string{v}, len(v) > 0 && v[0] != '@'
	case float64:
		return []string{fmt.Sprint(int64(v))}, true
	case bool:
		return []string{fmt.Sprint(v)}, true
	case []any:
		var out []string
		for _, one := range v {
			values, ok := valuesIn(one)
			if !ok {
				return nil, false
			}
			out = append(out, values...)
		}
		return out, true
	case map[string]any:
		if set, ok := v["set"]; ok {
			return valuesIn(set)
		}
		if elem, ok := v["elem"].(map[string]any); ok { // an element with a timeout or counter
			return valuesIn(elem["val"])
		}
		if prefix, ok := v["prefix"]; ok {
			return []string{fmt.Sprintf("%s/%v", memberOf[string](prefix, "addr"), memberOf[float64](prefix, "len"))}, true
		}
		if ends, ok := v["range"].([]any); ok && len(ends) == 2 {
			first, ok1 := valuesIn(ends[0])
			last, ok2 := valuesIn(ends[1])
			if ok1 && ok2 && len(first) == 1 && len(last) == 1 {
				return []string{first[0] + "-" + last[0]}, true
			}
		}
	}
	return nil, false
}

// parseVerdicts turns "key vmap { value : verdict, … }" into a rule for each element. A map that
// cannot be read may do anything.
func (sets nftSets) parseVerdicts(base rule, body any) []rule {
	base.conditions = append(base.conditions, condition{})
	unread := []rule{{conditions: base.conditions, action: actionOther}}
	key := memberOf[map[string]any](body, "key")
	pairs := memberOf[[]any](memberOf[any](body, "data"), "set")
	if name := memberOf[string](body, "data"); name != "" {
		pairs = sets[name]
		if _, known := sets[name]; !known {
			return unread
		}
	}
	var out []rule
	for _, p := range pairs {
		pair, ok := p.([]any)
		if !ok || len(pair) != 2 {
			return unread
		}
		verdict, isMap := pair[1].(map[string]any)
		if !isMap {
			return unread
		}
		match := map[string]any{"left": key, "op": "==", "right": pair[0]}
		for _, r := range sets.parseRule([]map[string]any{{"match": match}, verdict}) {
			r.conditions = append(slices.Clone(base.conditions[:len(base.conditions)-1]), r.conditions...)
			out = append(out, r)
		}
	}
	return out
}

// memberOf reads one member of a JSON object, or the zero value.
func memberOf[T any](body any, name string) T {
	var zero T
	m, ok := body.(map[string]any)
	if !ok {
		return zero
	}
	v, ok := m[name].(T)
	if !ok {
		return zero
	}
	return v
}
