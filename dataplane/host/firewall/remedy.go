package firewall

import (
	"fmt"
	"strings"

	"sallyport/dataplane/host"
)

// remedy returns commands of the program that made the chain, as one line of a shell. Where that program allows it, an
// interface is written as the wildcard for all our devices, so that another endpoint needs no
// further command.
func (e Endpoint) remedy(b base, rules chains) string {
	var lines []string
	_, docker := rules["DOCKER-USER"]
	_, ufw := rules["ufw-user-forward"]
	module, iptables := strings.CutPrefix(b.table, "ip ")
	switch {
	case b.table == "inet firewalld" && b.hook == "forward":
		for _, d := range e.Devices {
			lines = append(lines, "firewall-cmd --permanent --zone=trusted --add-interface="+d)
		}
		lines = append(lines, "firewall-cmd --reload")
	case b.table == "inet firewalld":
		for _, port := range e.Ports {
			lines = append(lines, fmt.Sprintf("firewall-cmd --permanent --add-port=%d/%s", port, e.Transport))
		}
		lines = append(lines, "firewall-cmd --reload")
	case ufw && b.hook == "forward":
		for _, d := range e.Devices {
			for _, to := range e.Egress {
				lines = append(lines, fmt.Sprintf("ufw route allow in on %s out on %s", d, to), fmt.Sprintf("ufw route allow in on %s out on %s", to, d))
			}
		}
	case ufw && b.hook == "input":
		for _, port := range e.Ports {
			lines = append(lines, fmt.Sprintf("ufw allow %d/%s", port, e.Transport))
		}
	case b.table == legacyTable:
		lines = e.iptables("iptables-legacy", b.name, b.hook)
	case iptables && b.name == strings.ToUpper(b.name):
		command, chain := "iptables", b.name
		if module != "filter" {
			command += " -t " + module
		} else if docker && b.hook == "forward" {
			chain = "DOCKER-USER"
		}
		lines = e.iptables(command, chain, b.hook)
	case b.hook == "forward":
		for _, side := range []string{keyIn, keyOut} {
			lines = append(lines, fmt.Sprintf("nft insert rule %s %s %s '\"%s*\"' accept", b.table, b.name, side, host.DevicePrefix))
		}
	case b.hook == "input":
		lines = append(lines, fmt.Sprintf("nft insert rule %s %s ct status dnat accept", b.table, b.name))
	default:
		lines = append(lines, fmt.Sprintf("nft insert rule %s %s ct state established,related accept", b.table, b.name))
	}
	return strings.Join(lines, " && ")
}

func (e Endpoint) iptables(command, chain, hook string) []string {
	if hook == "forward" {
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
	for _, port := range e.Ports {
		lines = append(lines, fmt.Sprintf("%s -I %s -p %s %s %d -j ACCEPT", command, chain, e.Transport, side, port))
	}
	return lines
}
