package vpn

import (
	"bytes"
	"encoding/pem"
	"fmt"
	"strings"
	"unicode/utf8"
)

const (
	// maxEndpointWorkers bounds the OpenVPN processes of one endpoint.
	maxEndpointWorkers = 64
	// maxAssociations bounds the target network associations of one endpoint: there is one for each
	// availability zone.
	maxAssociations = 64
)

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
	if d.PushGeneration > d.Generation {
		c.Bad("push_generation", "The push generation is newer than the generation.")
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

// Bounds of key material: what the console creates and imports is far smaller.
const (
	maxKeyText   = 64 << 10 // bytes
	maxPEMBlocks = 32
)

func (d Desired) validateKeys(c *Check) {
	if d.WithoutCertificates && !d.Passwords && !d.Browser {
		c.Bad("passwords", "Clients need neither a certificate nor a password.")
	}
	if d.Passwords && d.Browser {
		c.Bad("browser", "Users sign in with a password or in the browser, not with both.")
	}
	for _, k := range []struct {
		name, text string
		ofType     func(string) bool
	}{
		{"keys.certificate", d.Keys.Certificate, isType("CERTIFICATE")},
		{"keys.key", d.Keys.Key.Reveal(), func(t string) bool { return strings.HasSuffix(t, "PRIVATE KEY") }},
		{"keys.client_ca", d.Keys.ClientCA, isType("CERTIFICATE")},
		{"keys.tls_crypt", d.Keys.TLSCrypt.Reveal(), isType("OpenVPN Static key V1")},
		{"keys.token_secret", d.Keys.TokenSecret.Reveal(), isType("OpenVPN auth-token server key")},
	} {
		switch {
		case k.name == "keys.client_ca" && d.WithoutCertificates:
			if k.text != "" {
				c.Bad(k.name, "There is an authority of client certificates, and clients need none.")
			}
		case len(k.text) > maxKeyText:
			c.Bad(k.name, fmt.Sprintf("This is longer than %d bytes.", maxKeyText))
		case strings.ContainsAny(k.text, "<>\x00") || !isPEM(k.text, k.ofType):
			c.Bad(k.name, "This is not PEM of the type that belongs here.")
		}
	}
}

func isType(want string) func(string) bool { return func(t string) bool { return t == want } }

// isPEM tells whether a text is PEM blocks of a type and nothing else but space.
func isPEM(text string, ofType func(string) bool) bool {
	rest := []byte(strings.TrimSpace(text))
	for n := 0; len(rest) > 0; n++ {
		if n == maxPEMBlocks || !bytes.HasPrefix(rest, []byte("-----BEGIN ")) {
			return false
		}
		block, after := pem.Decode(rest)
		// pem.Decode passes over what it cannot read: only the first block may have been decoded.
		if block == nil || !ofType(block.Type) || bytes.Count(rest[:len(rest)-len(after)], []byte("-----BEGIN ")) != 1 {
			return false
		}
		rest = bytes.TrimSpace(after)
	}
	return text != ""
}

func (d Desired) validateAssociations(c *Check) {
	if len(d.Associations) > maxAssociations {
		c.Bad("associations", fmt.Sprintf("There are %d target network associations; at most %d are possible.", len(d.Associations), maxAssociations))
		return
	}
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
		return
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
