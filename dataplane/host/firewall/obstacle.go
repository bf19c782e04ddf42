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

// Traffic describes the packets of this program that other firewalls on the host must let pass.
type Traffic struct {
	Table   string   // the name of our own table; it and those that begin with it and "-" are not evaluated
	Devices []string // our tun devices
	Egress  []string // the interfaces of the networks that clients reach
	Workers []WorkerPort
}

// WorkerPort is the port of an OpenVPN worker, where packets of clients arrive after address
// translation.
type WorkerPort struct {
	Transport vpn.Transport
	Port      uint16
}

// Obstacle is a chain of another program that drops our packets. A chain of ours cannot prevent
// that, whatever its priority: a drop is final, an accept is not.
type Obstacle struct {
	Table, Chain string // as "ip filter" and "FORWARD"
	Message      string
	Remedy       string // shell commands, one a line, that let our packets pass
}

// FindObstacles evaluates every base chain of other programs in the forward, input and output
// hooks, and the tables of the older iptables, and returns those that would drop our packets. It
// follows rules that match on interfaces, protocol, port and connection state, and skips rules
// that match on anything else. The error is a *vpn.Error of kind Unavailable.
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
	var found []Obstacle
	tables := map[string]chains{}
	for _, entry := range list.Nftables {
		c := entry.Chain
		if c == nil || c.Hook == "" || c.Type != "filter" || c.Family == "inet" && (c.Table == t.Table || strings.HasPrefix(c.Table, t.Table+"-")) {
			continue
		}
		if c.Family != "ip" && c.Family != "inet" || len(t.samples(c.Hook)) == 0 {
			continue
		}
		name := c.Family + " " + c.Table
		if tables[name] == nil {
			if tables[name], err = tableChains(ctx, c.Family, c.Table); err != nil {
				return nil, host.Unavailable(err, "The packet filter table %s cannot be read.", name)
			}
		}
		if what := t.droppedBy(tables[name], c.Name, c.Hook, c.Policy); what != "" {
			found = append(found, t.obstacle(name, c.Name, c.Hook, what, tables[name]))
		}
	}
	legacy, err := t.legacyObstacles(ctx)
	return append(found, legacy...), err
}

type sample struct {
	packet packet
	what   string
}

// samples returns one packet for each flow that must pass a hook.
func (t Traffic) samples(hook string) []sample {
	var out []sample
	switch hook {
	case "forward":
		for _, d := range t.Devices {
			for _, e := range t.Egress {
				out = append(out,
					sample{packet{keyIn: d, keyOut: e, keyState: "new", keyFamily: "ipv4"}, "packets from VPN clients to " + e},
					sample{packet{keyIn: e, keyOut: d, keyState: "established", keyFamily: "ipv4"}, "replies from " + e + " to VPN clients"})
			}
		}
	case "input":
		for _, w := range t.Workers {
			out = append(out, sample{
				packet{keyState: "new", keyStatus: "dnat", keyProtocol: string(w.Transport), keyPort: fmt.Sprint(w.Port), keyFamily: "ipv4"},
				"packets of VPN clients to this host"})
		}
	case "output":
		for _, w := range t.Workers {
			out = append(out, sample{packet{keyState: "established", keyProtocol: string(w.Transport), keyFrom: fmt.Sprint(w.Port), keyFamily: "ipv4"}, "this host's packets to VPN clients"})
		}
	}
	return out
}

func (t Traffic) droppedBy(table chains, chain, hook, policy string) string {
	for _, p := range t.samples(hook) {
		verdict := table.verdict(chain, p.packet, 0)
		if verdict == "drop" || verdict == "" && policy == "drop" {
			return p.what
		}
	}
	return ""
}

func (t Traffic) obstacle(table, chain, hook, what string, rules chains) Obstacle {
	return Obstacle{
		Table: table, Chain: chain,
		Message: fmt.Sprintf("The packet filter chain %s of the table %s, which belongs to another program, drops %s.", chain, table, what),
		Remedy:  t.remedy(table, chain, hook, rules),
	}
}

// remedy returns commands of the program that made the chain. Where that program allows it, an
// interface is written as the wildcard for all our devices, so that another endpoint needs no
// further command.
func (t Traffic) remedy(table, chain, hook string, rules chains) string {
	var lines []string
	_, docker := rules["DOCKER-USER"]
	_, ufw := rules["ufw-user-forward"]
	switch {
	case table == "inet firewalld" && hook == "forward":
		for _, d := range t.Devices {
			lines = append(lines, "firewall-cmd --permanent --zone=trusted --add-interface="+d)
		}
		lines = append(lines, "firewall-cmd --reload")
	case table == "inet firewalld":
		for _, w := range t.Workers {
			lines = append(lines, fmt.Sprintf("firewall-cmd --permanent --add-port=%d/%s", w.Port, w.Transport))
		}
		lines = append(lines, "firewall-cmd --reload")
	case ufw && hook == "forward":
		for _, d := range t.Devices {
			for _, e := range t.Egress {
				lines = append(lines, fmt.Sprintf("ufw route allow in on %s out on %s", d, e), fmt.Sprintf("ufw route allow in on %s out on %s", e, d))
			}
		}
	case ufw && hook == "input":
		for _, w := range t.Workers {
			lines = append(lines, fmt.Sprintf("ufw allow %d/%s", w.Port, w.Transport))
		}
	case table == "ip filter" && chain == strings.ToUpper(chain):
		if docker && hook == "forward" {
			chain = "DOCKER-USER"
		}
		lines = t.iptables("iptables", chain, hook)
	case hook == "forward":
		for _, side := range []string{keyIn, keyOut} {
			lines = append(lines, fmt.Sprintf("nft insert rule %s %s %s '\"%s*\"' accept", table, chain, side, host.DevicePrefix))
		}
	case hook == "input":
		lines = append(lines, fmt.Sprintf("nft insert rule %s %s ct status dnat accept", table, chain))
	default:
		lines = append(lines, fmt.Sprintf("nft insert rule %s %s ct state established,related accept", table, chain))
	}
	return strings.Join(lines, "\n")
}

func (t Traffic) iptables(command, chain, hook string) []string {
	switch hook {
	case "forward":
		return []string{
			fmt.Sprintf("%s -I %s -i %s+ -j ACCEPT", command, chain, host.DevicePrefix),
			fmt.Sprintf("%s -I %s -o %s+ -j ACCEPT", command, chain, host.DevicePrefix),
		}
	}
	side := "--dport"
	if hook == "output" {
		side = "--sport"
	}
	var lines []string
	for _, w := range t.Workers {
		lines = append(lines, fmt.Sprintf("%s -I %s -p %s %s %d -j ACCEPT", command, chain, w.Transport, side, w.Port))
	}
	return lines
}

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
		hook := strings.ToLower(chain)
		if what := t.droppedBy(rules, chain, hook, policies[chain]); what != "" {
			o := t.obstacle("ip filter (iptables-legacy)", chain, hook, what, rules)
			o.Remedy = strings.Join(t.iptables("iptables-legacy", chain, hook), "\n")
			found = append(found, o)
		}
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
