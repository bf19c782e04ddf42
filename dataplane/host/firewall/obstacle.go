package firewall

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"

	"sallyport/dataplane/host"
	"sallyport/vpn"
)

// Obstacle is a chain of another program that drops packets of an endpoint's clients, or may. A
// chain of ours cannot prevent that, whatever its priority: a drop is final, an accept is not.
type Obstacle struct {
	Endpoint     vpn.EndpointID
	Table, Chain string // as "ip filter" and "FORWARD"
	Certain      bool   // whether it drops all packets of a flow; otherwise it may let them pass
	Message      string
	Remedy       string // commands that let our packets pass, as one line of a shell
}

// FindObstacles evaluates every base chain of other programs in the forward, input and output
// hooks, and the tables of the older iptables, and returns those that drop packets of an endpoint's
// clients, or may drop them because they have rules that cannot be judged. The error is a *vpn.Error
// of kind Unavailable.
func FindObstacles(ctx context.Context, t Traffic) ([]Obstacle, error) {
	var list struct {
		Nftables []struct {
			Chain *struct {
				Family, Table, Name, Type, Hook, Policy string
			}
		}
	}
	raw, err := runReadOnly(ctx, "nft", "-j", "list", "chains")
	if err != nil {
		return nil, host.Unavailable(err, "The packet filter of this host cannot be read.")
	}
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, host.Unavailable(err, "The packet filter of this host cannot be parsed.")
	}
	t.findInterfaces()
	var found []Obstacle
	tables := map[string]chains{}
	for _, entry := range list.Nftables {
		c := entry.Chain
		if c == nil || c.Hook == "" || c.Type != "filter" || c.Family == "inet" && (c.Table == t.Table || strings.HasPrefix(c.Table, t.Table+"-")) {
			continue
		}
		if c.Family != "ip" && c.Family != "inet" || !slices.Contains([]string{"forward", "input", "output"}, c.Hook) {
			continue
		}
		name := c.Family + " " + c.Table
		if tables[name] == nil {
			if tables[name], err = tableChains(ctx, c.Family, c.Table); err != nil {
				return nil, host.Unavailable(err, "The packet filter table %s cannot be read.", name)
			}
		}
		found = append(found, t.obstacles(base{name, c.Name, c.Hook, c.Policy}, tables[name])...)
	}
	legacy, err := t.legacyObstacles(ctx)
	return append(found, legacy...), err
}

// base is a chain that the kernel calls, with the policy for packets that reach its end.
type base struct{ table, name, hook, policy string }

// judge evaluates a base chain for one flow: drops is whether no packet of it can pass, doubt what
// is not certain, as a sentence; "" where packets pass.
func (b base) judge(s sample, rules chains) (drops bool, doubt string) {
	if b.result(s.all, rules, false) == dropped {
		return true, ""
	}
	switch typical := b.result(s.typical, rules, true); {
	case typical == dropped:
		return false, fmt.Sprintf("lets pass only some of the %s, by its rules about addresses, ports or protocols", s.what)
	case typical&dropped != 0:
		return false, fmt.Sprintf("may drop %s: it has rules that Sallyport cannot judge", s.what)
	}
	return false, ""
}

func (b base) result(p packet, rules chains, typical bool) outcome {
	out := rules.verdict(b.name, p, typical)
	if out&passed != 0 {
		out &^= passed
		if b.policy == "drop" {
			return out | dropped
		}
		return out | accepted
	}
	return out
}

// obstacles gives at most one obstacle for each endpoint; a certain drop comes before a doubt.
func (t Traffic) obstacles(b base, rules chains) []Obstacle {
	var found []Obstacle
	for _, e := range t.Endpoints {
		o := Obstacle{Endpoint: e.ID, Table: b.table, Chain: b.name}
		chain := fmt.Sprintf("The packet filter chain %s of the table %s, which belongs to another program, ", b.name, b.table)
		for _, s := range t.samples(e, b.hook) {
			drops, doubt := b.judge(s, rules)
			if drops {
				o.Certain, o.Message = true, chain+"drops "+s.what+"."
				break
			}
			if doubt != "" && o.Message == "" {
				o.Message = chain + doubt + "."
			}
		}
		if o.Message != "" {
			o.Remedy = t.remedy(e, b, rules)
			found = append(found, o)
		}
	}
	return found
}

// legacyTable is what messages call the table filter of the older iptables.
const legacyTable = "ip filter (iptables-legacy)"

// legacyObstacles evaluates the tables that the older iptables keeps outside nftables.
func (t Traffic) legacyObstacles(ctx context.Context) ([]Obstacle, error) {
	raw, err := os.ReadFile("/proc/net/ip_tables_names")
	if err != nil || !slices.Contains(strings.Fields(string(raw)), "filter") {
		return nil, nil //nolint:nilerr // without the file there are no such tables
	}
	saved, err := runReadOnly(ctx, "iptables-legacy-save", "-t", "filter")
	if err != nil {
		return nil, host.Unavailable(err, "This host has rules of the older iptables, which cannot be read; install the package iptables.")
	}
	rules, policies := parseSave(string(saved))
	var found []Obstacle
	for _, chain := range []string{"FORWARD", "INPUT", "OUTPUT"} {
		found = append(found, t.obstacles(base{legacyTable, chain, strings.ToLower(chain), policies[chain]}, rules)...)
	}
	return found, nil
}

// runReadOnly returns the output of a program that changes nothing.
func runReadOnly(ctx context.Context, name string, args ...string) ([]byte, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		path = "/usr/sbin/" + name
	}
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = []string{"LC_ALL=C"}
	var messages bytes.Buffer
	cmd.Stderr = &messages
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %s", name, err, strings.TrimSpace(messages.String()))
	}
	return out, nil
}
