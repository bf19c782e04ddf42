package vpn

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// maxEndpointWorkers bounds the OpenVPN processes of one endpoint.
const maxEndpointWorkers = 64

// Validate is the dataplane's own check of a desired state: it trusts the peer of the socket to be web, but not the
// content of its messages. It refuses everything that the constructors of this package cannot create, so that no
// unexpected text becomes the name of a chain or device or a line of configuration.
func (d Desired) Validate() error {
	var c Check
	if !d.Endpoint.Valid() {
		c.Bad("endpoint", "The endpoint ID is malformed.")
	}
	if d.Generation == 0 {
		c.Bad("generation", "The generation is missing.")
	}
	if !d.Listen.Addr.Is4() || !d.Listen.Transport.Valid() || d.Listen.Port == 0 {
		c.Bad("listen", "The listen address, transport or port is malformed.")
	}
	if !ValidClientCIDR(d.ClientCIDR) {
		c.Bad("client_cidr", "The client CIDR is malformed.")
	}
	if d.Workers < 0 || d.Workers > maxEndpointWorkers {
		c.Bad("workers", fmt.Sprintf("The number of workers is not between 0 and %d.", maxEndpointWorkers))
	}
	d.ClientOptions.Check(&c)
	seen := map[int]bool{}
	for _, b := range d.Blocks {
		if b < 0 || b >= Blocks || seen[b] {
			c.Bad("blocks", "The address blocks are malformed.")
		}
		seen[b] = true
	}
	d.validateKeys(&c)
	d.validateAssociations(&c)
	d.validateRules(&c)
	return c.Err()
}

func (d Desired) validateKeys(c *Check) {
	for name, text := range map[string]string{
		"keys.certificate": d.Keys.Certificate, "keys.key": d.Keys.Key.Reveal(), "keys.client_ca": d.Keys.ClientCA,
		"keys.tls_crypt": d.Keys.TLSCrypt.Reveal(), "keys.token_secret": d.Keys.TokenSecret.Reveal(),
	} {
		if !strings.Contains(text, "-----BEGIN ") || strings.ContainsAny(text, "<>\x00") {
			c.Bad(name, "This is not a PEM block.")
		}
	}
}

func (d Desired) validateAssociations(c *Check) {
	seen := map[AssociationID]bool{}
	for _, a := range d.Associations {
		if !a.ID.Valid() || !isIPv4Network(a.Subnet) || a.Subnet.Overlaps(d.ClientCIDR) || unroutableReason(a.Subnet) != "" {
			c.Bad("associations", "A target network association is malformed.")
		}
		if seen[a.ID] {
			c.Bad("associations", "A target network association is repeated.")
		}
		seen[a.ID] = true
		if len(a.Routes) > MaxRoutes+maxNetworkCIDRs {
			c.Bad("associations", fmt.Sprintf("There are %d routes; at most %d are possible.", len(a.Routes), MaxRoutes+maxNetworkCIDRs))
		}
		for _, p := range a.Routes {
			if !isIPv4Network(p) || (!IsAny(p) && p.Overlaps(d.ClientCIDR)) || unroutableReason(p) != "" {
				c.Bad("associations", fmt.Sprintf("The route %s is malformed, unusable or overlaps with the client CIDR.", p))
			}
		}
	}
}

func (d Desired) validateRules(c *Check) {
	if len(d.Rules) > MaxRules {
		c.Bad("rules", fmt.Sprintf("There are %d rules; at most %d are possible.", len(d.Rules), MaxRules))
	}
	seen := map[RuleID]bool{}
	for _, r := range d.Rules {
		if !r.ID.Valid() || !isIPv4Network(r.Destination) || unroutableReason(r.Destination) != "" || r.AllUsers == (r.Group != "") ||
			!isPrintable(r.Group) || utf8.RuneCountInString(r.Group) > maxGroupID {
			c.Bad("rules", "An authorization rule is malformed.")
		}
		if seen[r.ID] {
			c.Bad("rules", "An authorization rule is repeated.")
		}
		seen[r.ID] = true
	}
}
