package endpoint

import (
	"fmt"

	"sallyport/control/certificate"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

func before(sentence string) string {
	if sentence == "" {
		return ""
	}
	return " " + sentence
}

// restartHelp says what a change that restarts the endpoint's workers does to its clients.
func restartHelp(connections int) string {
	if connections == 0 {
		return "Changing it restarts the endpoint; no client is connected now."
	}
	return fmt.Sprintf("Changing it resets %s that %s open now; clients return by themselves.",
		parts.Count(connections, "connection"), parts.YesNo(connections == 1, "is", "are"))
}

// newPortHelp says what another port does to the clients: their files name the old one.
func newPortHelp(connections int) string {
	if connections == 0 {
		return "Changing it restarts the endpoint. Configuration files that were handed out name the old port and stop working."
	}
	return "Changing it cuts off " + parts.Count(connections, "connection") + " until the users have a new configuration file: the files that were handed out name the old port."
}

// clientCIDRHelp explains the field in the words of the guide, "Create a Client VPN endpoint", and says what the
// typed range would give.
func clientCIDRHelp(typed string) string {
	s := "An IP address range, in CIDR notation, from which to assign client IP addresses; from /22 (1,021 addresses for clients) to /12. " +
		"It cannot overlap with the target network, the network's address range or any route, and cannot be changed later. " +
		"We recommend twice as many addresses as connections are planned."
	if p, err := vpn.ParseCIDR(typed); err == nil && vpn.ValidClientCIDR(p) {
		n := int(vpn.ClientCapacity(p))
		s += fmt.Sprintf(" %s gives clients %s addresses: enough for up to %s planned connections.", p, parts.Number(n), parts.Number(n/2))
	}
	return s
}

func portHelp(free uint16) string {
	if free == vpn.DefaultPort {
		return "The default is 443. Another endpoint can have the same port with the other transport protocol or at another address."
	}
	return fmt.Sprintf("The default is 443, which is taken for UDP; %d is free.", free)
}

// clientAuthorityOptions offers what can say which authority client certificates come from.
func clientAuthorityOptions(none string, authorities, clients certificate.Choices) []parts.Option {
	out := views.CertificateOptions(none, authorities.List)
	for _, o := range views.CertificateOptions("", clients.List)[1:] {
		o.Label = "The authority of client certificate " + o.Label
		out = append(out, o)
	}
	return out
}
