package host

import (
	"context"
	"encoding/json"
	"fmt"
)

// tableChains reads the chains of one table. Rules that iptables wrote into nftables are asked of
// iptables where it is installed: nft cannot express all that they match.
func tableChains(ctx context.Context, family, table string) (chains, error) {
	if family == "ip" && table == "filter" {
		if saved, err := output(ctx, "iptables-nft-save", "-t", "filter"); err == nil {
			if rules, policies := parseSave(string(saved)); len(policies) > 0 {
				return rules, nil
			}
		}
	}
	return nftChains(ctx, family, table)
}

// nftChains reads one table as nft tells it in JSON (libnftables-json(5)).
func nftChains(ctx context.Context, family, table string) (chains, error) {
	raw, err := output(ctx, "nft", "-j", "list", "table", family, table)
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
		return nil, fmt.Errorf("understand nft: %w", err)
	}
	out := chains{}
	for _, entry := range list.Nftables {
		switch {
		case entry.Chain != nil:
			out[entry.Chain.Name] = append(out[entry.Chain.Name], []foreignRule{}...)
		case entry.Rule != nil:
			out[entry.Rule.Chain] = append(out[entry.Rule.Chain], parseRule(entry.Rule.Expr)...)
		}
	}
	return out, nil
}

// parseRule gives one rule, or several where a verdict map stands for several.
func parseRule(statements []map[string]any) []foreignRule {
	var r foreignRule
	for _, s := range statements {
		for kind, body := range s {
			switch kind {
			case "match":
				r.conditions = append(r.conditions, parseMatch(body))
			case "accept", "drop", "return":
				r.does = kind
			case "reject":
				r.does = "drop"
			case "jump", "goto":
				r.does, r.target = kind, field[string](body, "target")
			case "vmap":
				return parseVerdicts(r, body)
			case "xt":
				// A match or target of iptables that nft cannot express.
				if field[string](body, "type") == "target" {
					if field[string](body, "name") == "REJECT" {
						r.does = "drop"
					}
				} else {
					r.conditions = append(r.conditions, condition{})
				}
			case "counter", "log", "comment", "mangle", "notrack":
			default: // limit, quota and the like decide by what we do not see
				r.conditions = append(r.conditions, condition{})
			}
		}
	}
	return []foreignRule{r}
}

func parseMatch(body any) condition {
	left, op := field[map[string]any](body, "left"), field[string](body, "op")
	c := condition{key: keyOf(left), negate: op == "!="}
	values, ok := valuesOf(field[any](body, "right"))
	if !ok || op != "==" && op != "!=" && op != "in" {
		return condition{}
	}
	c.values = values
	return c
}

func keyOf(left map[string]any) string {
	if meta := field[map[string]any](left, "meta"); meta != nil {
		switch k := field[string](meta, "key"); k {
		case "iif", "iifname":
			return keyIn
		case "oif", "oifname":
			return keyOut
		case "l4proto", "nfproto":
			return k
		}
	}
	if ct := field[map[string]any](left, "ct"); ct != nil && field[string](ct, "dir") == "" {
		switch k := "ct " + field[string](ct, "key"); k {
		case keyState, keyStatus:
			return k
		}
	}
	if payload := field[map[string]any](left, "payload"); payload != nil {
		switch field[string](payload, "field") {
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
func parseVerdicts(base foreignRule, body any) []foreignRule {
	data := field[map[string]any](body, "data")
	pairs, ok := data["set"].([]any)
	key := keyOf(field[map[string]any](body, "key"))
	if !ok || key == "" {
		return nil
	}
	var out []foreignRule
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

// field reads one member of a JSON object, or the zero value.
func field[T any](body any, name string) T {
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
