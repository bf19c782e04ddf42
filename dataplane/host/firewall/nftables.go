package firewall

import (
	"context"
	"encoding/json"
	"fmt"
)

// tableChains reads the chains of one table. Rules that iptables wrote into nftables are read with
// iptables where it is installed: nft cannot express all of their matches.
func tableChains(ctx context.Context, family, table string) (chains, error) {
	if family == "ip" && table == "filter" {
		if saved, err := runReadOnly(ctx, "iptables-nft-save", "-t", "filter"); err == nil {
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

func parseTable(raw []byte) (chains, error) {
	var list struct {
		Nftables []struct {
			Chain *struct{ Name string }
			Rule  *struct {
				Chain string
				Expr  []map[string]any
			}
		}
	}
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, fmt.Errorf("parse the output of nft: %w", err)
	}
	out := chains{}
	for _, entry := range list.Nftables {
		switch {
		case entry.Chain != nil:
			out[entry.Chain.Name] = append(out[entry.Chain.Name], []rule{}...)
		case entry.Rule != nil:
			out[entry.Rule.Chain] = append(out[entry.Rule.Chain], parseRule(entry.Rule.Expr)...)
		}
	}
	return out, nil
}

// parseRule returns one rule, or one for each element of a verdict map.
func parseRule(statements []map[string]any) []rule {
	var r rule
	for _, s := range statements {
		for kind, body := range s {
			switch kind {
			case "match":
				r.conditions = append(r.conditions, parseMatch(body))
			case "accept", "drop", "return":
				r.action = kind
			case "reject":
				r.action = "drop"
			case "jump", "goto":
				r.action, r.target = kind, memberOf[string](body, "target")
			case "vmap":
				return parseVerdicts(r, body)
			case "xt":
				// A match or target of iptables that nft cannot express.
				if memberOf[string](body, "type") == "target" {
					if memberOf[string](body, "name") == "REJECT" {
						r.action = "drop"
					}
				} else {
					r.conditions = append(r.conditions, condition{})
				}
			case "counter", "log", "comment", "mangle", "notrack":
			default: // limit, quota and the like depend on more than the packet
				r.conditions = append(r.conditions, condition{})
			}
		}
	}
	return []rule{r}
}

func parseMatch(body any) condition {
	left, op := memberOf[map[string]any](body, "left"), memberOf[string](body, "op")
	c := condition{key: keyOf(left), negate: op == "!="}
	values, ok := valuesOf(memberOf[any](body, "right"))
	if !ok || op != "==" && op != "!=" && op != "in" {
		return condition{}
	}
	c.values = values
	return c
}

func keyOf(left map[string]any) string {
	if meta := memberOf[map[string]any](left, "meta"); meta != nil {
		switch k := memberOf[string](meta, "key"); k {
		case "iif", "iifname":
			return keyIn
		case "oif", "oifname":
			return keyOut
		case "l4proto", "nfproto":
			return k
		}
	}
	if ct := memberOf[map[string]any](left, "ct"); ct != nil && memberOf[string](ct, "dir") == "" {
		switch k := "ct " + memberOf[string](ct, "key"); k {
		case keyState, keyStatus:
			return k
		}
	}
	if payload := memberOf[map[string]any](left, "payload"); payload != nil {
		switch memberOf[string](payload, "field") {
		case "dport":
			return keyPort
		case "sport":
			return keyFrom
		case "protocol":
			return keyProtocol
		}
	}
	return ""
}

// valuesOf reads a value, a list or an anonymous set of values.
func valuesOf(right any) ([]string, bool) {
	switch v := right.(type) {
	case string:
		return []string{v}, len(v) > 0 && v[0] != '@'
	case float64:
		return []string{fmt.Sprint(v)}, true
	case []any:
		var out []string
		for _, one := range v {
			values, ok := valuesOf(one)
			if !ok {
				return nil, false
			}
			out = append(out, values...)
		}
		return out, true
	case map[string]any:
		if set, ok := v["set"]; ok {
			return valuesOf(set)
		}
	}
	return nil, false
}

// parseVerdicts turns "key vmap { value : verdict, … }" into a rule for each element.
func parseVerdicts(base rule, body any) []rule {
	data := memberOf[map[string]any](body, "data")
	pairs, ok := data["set"].([]any)
	key := keyOf(memberOf[map[string]any](body, "key"))
	if !ok || key == "" {
		return nil
	}
	var out []rule
	for _, p := range pairs {
		pair, ok := p.([]any)
		if !ok || len(pair) != 2 {
			continue
		}
		values, ok := valuesOf(pair[0])
		verdict, isMap := pair[1].(map[string]any)
		if !ok || !isMap {
			continue
		}
		for _, r := range parseRule([]map[string]any{verdict}) {
			r.conditions = append(append([]condition{}, base.conditions...), condition{key: key, values: values})
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
