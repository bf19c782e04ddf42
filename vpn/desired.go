package vpn

import (
	"encoding/json"
	"net/netip"
)

// Desired is everything that the dataplane must know to realize one endpoint. It is always complete and never a
// difference, so that applying it twice or after a gap gives the same result. Generation grows with every change; the
// dataplane refuses an older one.
type Desired struct {
	Endpoint   EndpointID `json:"endpoint"`
	Generation uint64     `json:"generation"`
	// PushGeneration: sessions whose clients were told the state of an older generation are reconnected.
	PushGeneration uint64       `json:"push_generation,omitempty"`
	Listen         Listen       `json:"listen"`
	ClientCIDR     netip.Prefix `json:"client_cidr"`
	// Blocks are the numbers (0 to 63) of the client CIDR's blocks that this node may hand out.
	Blocks []int `json:"blocks"`
	// Workers is the number of OpenVPN processes; 0 lets the node choose.
	Workers int `json:"workers"`
	// Passwords tells that users sign in with user name and password, WithoutCertificates that clients need no
	// certificate. A state of an older program has neither: its clients need certificates alone.
	Passwords           bool `json:"passwords,omitempty"`
	WithoutCertificates bool `json:"without_certificates,omitempty"`
	// Browser tells that users sign in outside of the client (LoginPending): it has neither user name nor password.
	Browser bool `json:"browser,omitempty"`
	Keys    Keys `json:"keys"`
	ClientOptions
	Associations []DesiredAssociation `json:"associations"`
	Rules        []DesiredRule        `json:"rules"`
	// ClientToClient is the "local" route: clients may be each other's destination.
	ClientToClient bool `json:"client_to_client"`
}

// Keys is the endpoint's key material, PEM throughout.
type Keys struct {
	Certificate string `json:"certificate"` // leaf first, then intermediates
	Key         Secret `json:"key"`
	ClientCA    string `json:"client_ca"` // what client certificates must chain to; empty: WithoutCertificates
	TLSCrypt    Secret `json:"tls_crypt"` // OpenVPN static key V1
	TokenSecret Secret `json:"token_secret"`
}

// MarshalJSON writes the keys in the clear: only this type carries them across the socket.
func (k Keys) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]string{
		"certificate": k.Certificate, "key": k.Key.Reveal(), "client_ca": k.ClientCA,
		"tls_crypt": k.TLSCrypt.Reveal(), "token_secret": k.TokenSecret.Reveal(),
	})
}

// DesiredAssociation is one target network association that this node realizes. Routes are the
// destinations that its clients have a route to, the automatic ones included.
type DesiredAssociation struct {
	ID     AssociationID  `json:"id"`
	Subnet netip.Prefix   `json:"subnet"`
	Zone   string         `json:"zone"`
	Routes []netip.Prefix `json:"routes"`
}

// DesiredRule is one authorization rule: all users, or the members of one group, may reach the
// destination.
type DesiredRule struct {
	ID          RuleID       `json:"id"`
	Destination netip.Prefix `json:"destination"`
	AllUsers    bool         `json:"all_users"`
	Group       string       `json:"group,omitempty"`
}
