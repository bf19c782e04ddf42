package vpn

import (
	"crypto/rand"
	"encoding/hex"
	"strings"
)

// The identifiers of the guide. Each is its own type, so that a subnet can never be passed
// where an endpoint is meant.
type (
	// EndpointID is "cvpn-endpoint-" and 17 hex digits (guide, "Access the self-service portal").
	EndpointID string
	// AssociationID is "cvpn-assoc-" and 17 hex digits.
	AssociationID string
	// ConnectionID is "cvpn-connection-" and 17 hex digits (guide, "Connection logging").
	ConnectionID string
	// NetworkID is "vpc-" and 17 hex digits.
	NetworkID string
	// SubnetID is "subnet-" and 17 hex digits.
	SubnetID string
	// RuleID is not in the guide, which names a rule by its destination and group: those do not fit into a URL.
	RuleID string
	// RouteID is not in the guide, for the same reason.
	RouteID string
	// CertificateID is "cert-" and 17 hex digits; the guide has an ARN in its place.
	CertificateID string
	// AdministratorID is "admin-" and 17 hex digits.
	AdministratorID string
	// DeviceID is "device-" and 17 hex digits.
	DeviceID string
	// SessionID names one login of one VPN user, which may outlive several connections.
	SessionID string
)

// ID is any of the identifier types.
type ID interface{ ~string }

const (
	prefixEndpoint          = "cvpn-endpoint-"
	prefixAssociation       = "cvpn-assoc-"
	prefixConnection        = "cvpn-connection-"
	prefixNetwork           = "vpc-"
	prefixSubnet            = "subnet-"
	prefixRule              = "cvpn-rule-"
	prefixRoute             = "cvpn-route-"
	prefixCertificate       = "cert-"
	prefixAdministrator     = "admin-"
	prefixSession           = "session-"
	prefixDevice            = "device-"
	prefixConfigurationLink = "link-"
	idDigits                = 17
)

func newID(prefix string) string {
	var b [9]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand aborts the program instead
	return prefix + hex.EncodeToString(b[:])[:idDigits]
}

// New identifiers are random: 68 bits, enough never to collide.
func NewEndpointID() EndpointID           { return EndpointID(newID(prefixEndpoint)) }
func NewAssociationID() AssociationID     { return AssociationID(newID(prefixAssociation)) }
func NewConnectionID() ConnectionID       { return ConnectionID(newID(prefixConnection)) }
func NewNetworkID() NetworkID             { return NetworkID(newID(prefixNetwork)) }
func NewSubnetID() SubnetID               { return SubnetID(newID(prefixSubnet)) }
func NewRuleID() RuleID                   { return RuleID(newID(prefixRule)) }
func NewRouteID() RouteID                 { return RouteID(newID(prefixRoute)) }
func NewCertificateID() CertificateID     { return CertificateID(newID(prefixCertificate)) }
func NewAdministratorID() AdministratorID { return AdministratorID(newID(prefixAdministrator)) }
func NewSessionID() SessionID             { return SessionID(newID(prefixSession)) }
func NewDeviceID() DeviceID               { return DeviceID(newID(prefixDevice)) }

// Valid reports whether the identifier has the exact form of its type. The dataplane refuses messages
// with other identifiers, because it names devices, chains and files by them.
func (id EndpointID) Valid() bool    { return wellFormed(string(id), prefixEndpoint) }
func (id AssociationID) Valid() bool { return wellFormed(string(id), prefixAssociation) }
func (id ConnectionID) Valid() bool  { return wellFormed(string(id), prefixConnection) }
func (id SubnetID) Valid() bool      { return wellFormed(string(id), prefixSubnet) }
func (id RuleID) Valid() bool        { return wellFormed(string(id), prefixRule) }
func (id RouteID) Valid() bool       { return wellFormed(string(id), prefixRoute) }
func (id SessionID) Valid() bool     { return wellFormed(string(id), prefixSession) }
func (id DeviceID) Valid() bool      { return wellFormed(string(id), prefixDevice) }

func wellFormed(s, prefix string) bool {
	digits, ok := strings.CutPrefix(s, prefix)
	if !ok || len(digits) != idDigits {
		return false
	}
	for _, c := range digits {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
