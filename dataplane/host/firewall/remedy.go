package firewall

import (
	"fmt"
	"slices"
	"strings"

	"sallyport/dataplane/host"
	"sallyport/vpn"
)

// The names of what firewalld and Docker make, by which their chains are known.
const (
	firewalldTable = "inet firewalld"
	dockerChain    = "DOCKER-USER"
)

// remedy returns commands of the program that made the chain, as one line of a shell. Where that
// program allows it, they name all our devices and all ports of workers, so that neither another
// endpoint nor another worker needs a further command.
func (t Traffic) remedy(e Endpoint, b base, rules chains) string {
	_, ufw := rules["ufw-user-forward"]
	module, iptables := strings.CutPrefix(b.table, "ip ")
	var lines []string
	switch {
	case b.table == firewalldTable && b.hook == "forward":
		lines = []string{fmt.Sprintf("firewall-cmd --permanent --zone=trusted --add-interface=%s+", host.DevicePrefix), "firewall-cmd --reload"}
	case b.table == firewalldTable:
		for _, zone := range t.zones(e, b, rules) {
			lines = append(lines, fmt.Sprintf("firewall-cmd --permanent --zone=%s --add-port=%s/%s", zone, workerPorts("-"), e.Transport))
		}
		lines = append(lines, "firewall-cmd --reload")
	case ufw && b.hook == "forward":
		lines = []string{fmt.Sprintf("ufw route allow in on %s+", host.DevicePrefix), fmt.Sprintf("ufw route allow out on %s+", host.DevicePrefix)}
	case ufw && b.hook == "input":
		lines = []string{fmt.Sprintf("ufw allow %s/%s", workerPorts(":"), e.Transport)}
	case b.table == legacyTable:
		lines = e.iptables("iptables-legacy", b, rules)
	case iptables && b.name == strings.ToUpper(b.name):
		command := "iptables"
		if module != "filter" {
			command += " -t " + module
		}
		lines = e.iptables(command, b, rules)
	case b.hook == "forward":
		for _, side := range []string{keyIn, keyOut} {
			lines = append(lines, fmt.Sprintf("nft insert rule %s %s %s '\"%s*\"' accept", b.table, b.name, side, host.DevicePrefix))
		}
	case b.hook == "input":
		lines = []string{fmt.Sprintf("nft insert rule %s %s ct status dnat accept", b.table, b.name)}
	default:
		lines = []string{fmt.Sprintf("nft insert rule %s %s ct state established,related accept", b.table, b.name)}
	}
	return strings.Join(lines, " && ")
}

// workerPorts is the range of the ports of all workers that a host can have. Packets that did not
// come through the port of an endpoint are dropped there by our own table.
func workerPorts(separator string) string {
	return fmt.Sprintf("%d%s%d", vpn.FirstWorkerPort, separator, vpn.FirstWorkerPort+vpn.MaxWorkers-1)
}

// iptables returns commands that let packets pass a chain of iptables. Docker keeps what stands in a
// chain of its own for that purpose.
func (e Endpoint) iptables(command string, b base, rules chains) []string {
	chain := b.name
	if _, docker := rules[dockerChain]; docker && chain == "FORWARD" {
		chain = dockerChain
	}
	switch b.hook {
	case "forward":
		return []string{
			fmt.Sprintf("%s -I %s -i %s+ -j ACCEPT", command, chain, host.DevicePrefix),
			fmt.Sprintf("%s -I %s -o %s+ -j ACCEPT", command, chain, host.DevicePrefix),
		}
	case "input":
		return []string{fmt.Sprintf("%s -I %s -p %s --dport %s -j ACCEPT", command, chain, e.Transport, workerPorts(":"))}
	}
	return []string{fmt.Sprintf("%s -I %s -p %s --sport %s -j ACCEPT", command, chain, e.Transport, workerPorts(":"))}
}

// zones returns firewalld's zones of the interfaces at which packets of clients to this host are
// dropped, or may be.
func (t Traffic) zones(e Endpoint, b base, rules chains) []string {
	var out []string
	for _, s := range t.samples(e, b.hook) {
		if drops, doubt := b.judge(s, rules); !drops && doubt == "" {
			continue
		}
		for _, r := range rules["filter_INPUT_ZONES"] {
			if r.holds(s.typical) != yes {
				continue
			}
			if zone, ok := strings.CutPrefix(r.target, "filter_IN_"); ok && !slices.Contains(out, zone) {
				out = append(out, zone)
			}
			break
		}
	}
	slices.Sort(out)
	return out
}
