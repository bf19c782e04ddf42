package vpn

// RemoteName is the name that an endpoint's configuration files have, and a sentence on what is wrong with the
// settings that it comes from; "" where nothing is. fallback is this host's own address; "" where it has none.
func (d Deployment) RemoteName(e Endpoint, fallback string) (name, warning string) {
	switch {
	case d.PublicName != "":
		return d.PublicName, ""
	case d.VPNDomain != "":
		return string(e.ID) + "." + d.VPNDomain, ""
	case e.Listen.Addr.IsValid() && !e.Listen.Addr.IsUnspecified():
		return e.Listen.Addr.String(), "Neither a public name nor a VPN domain is set, so client configuration files have the endpoint's listen address. Set the public name on the Settings page to the name that clients know this host by."
	case fallback != "":
		return fallback, "Neither a public name nor a VPN domain is set, so client configuration files have this host's own address. Set the public name on the Settings page to the name that clients know this host by."
	default:
		return "", "Neither a public name nor a VPN domain is set, so there is no name for clients to connect to. Set the public name on the Settings page."
	}
}
