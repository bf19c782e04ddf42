package admin

import (
	"net/netip"
	"net/url"

	"sallyport/vpn"
)

// Paths of the pages of the console. Package web registers the same ones.

// EndpointPath is the page of an endpoint, or a page below it.
func EndpointPath(id vpn.EndpointID, below ...string) string {
	return pathOf("/endpoints", append([]string{string(id)}, below...)...)
}

// QuickStartPath is the form that makes a whole VPN.
const QuickStartPath = "/quick-start"

// ConfigurationForPath is the page with an endpoint's configuration file, with a client's certificate chosen.
func ConfigurationForPath(id vpn.EndpointID, client vpn.CertificateID) string {
	return EndpointPath(id, "configuration") + query("client", string(client))
}

// GroupParam is the parameter of the form of an authorization rule that chooses an access group by its ID.
const GroupParam = "group"

// RuleForGroupPath is the form for an authorization rule for an access group.
func RuleForGroupPath(id vpn.EndpointID, group string) string {
	return EndpointPath(id, "rules", "new") + "?" + url.Values{GroupParam: {group}}.Encode()
}

// DestinationParam is the parameter of the forms of an authorization rule and of a route that fills in the destination.
const DestinationParam = "destination"

// ForDestinationPath is one of these forms with its destination filled in.
func ForDestinationPath(id vpn.EndpointID, to netip.Prefix, form ...string) string {
	return EndpointPath(id, form...) + query(DestinationParam, to.String())
}

// NetworkPath is the page of a network, or a page below it.
func NetworkPath(id vpn.NetworkID, below ...string) string {
	return pathOf("/networks", append([]string{string(id)}, below...)...)
}

// SubnetPath is a page below a subnet, which has no page of its own.
func SubnetPath(id vpn.SubnetID, below ...string) string {
	return pathOf("/subnets", append([]string{string(id)}, below...)...)
}

// The pages of the identity providers: the kind of which there are some, and the lists of each kind.
const (
	ProvidersPath     = "/identity-providers"
	DirectoriesPath   = ProvidersPath + "/directories"
	SAMLProvidersPath = ProvidersPath + "/saml"
)

// DirectoryPath is the page of a directory, or a page below it.
func DirectoryPath(id vpn.DirectoryID, below ...string) string {
	return pathOf(DirectoriesPath, append([]string{string(id)}, below...)...)
}

// SAMLProviderPath is the page of a SAML provider, or a page below it.
func SAMLProviderPath(id vpn.SAMLProviderID, below ...string) string {
	return pathOf(SAMLProvidersPath, append([]string{string(id)}, below...)...)
}

// ProviderPath is the page of an identity provider of any kind.
func ProviderPath(id vpn.ProviderID) string {
	if saml, ok := id.SAML(); ok {
		return SAMLProviderPath(saml)
	}
	return DirectoryPath(vpn.DirectoryID(id))
}

// CertificatePath is the page of a certificate, or a page below it.
func CertificatePath(id vpn.CertificateID, below ...string) string {
	return pathOf("/certificates", append([]string{string(id)}, below...)...)
}

// BlockedPath is the list of blocked certificates, or a page of one by its fingerprint.
func BlockedPath(below ...string) string { return pathOf("/certificates/blocked", below...) }

// DevicesPath is the list of devices, or a page of one by its ID.
func DevicesPath(below ...string) string { return pathOf("/devices", below...) }

// DevicesOf is the list of the devices of a user.
func DevicesOf(id vpn.UserID) string { return "/devices" + query("user", string(id)) }

// DevicesBy is the list of the devices whose certificates an authority issued.
func DevicesBy(id vpn.CertificateID) string { return "/devices" + query("authority", string(id)) }

// DevicesAt is the list of the devices of an endpoint.
func DevicesAt(id vpn.EndpointID) string { return "/devices" + query("endpoint", string(id)) }

// IssuedPath lists the certificates that an authority issued.
func IssuedPath(id vpn.CertificateID) string {
	return "/certificates?" + url.Values{"authority": {string(id)}}.Encode()
}

// AdministratorPath is the page of an account, or a page below it.
func AdministratorPath(id vpn.AdministratorID, below ...string) string {
	return pathOf("/administrators", append([]string{string(id)}, below...)...)
}

func pathOf(path string, below ...string) string {
	for _, segment := range below {
		path += "/" + url.PathEscape(segment)
	}
	return path
}

// MFADevicePath is the page of an MFA device, or a page below it.
func MFADevicePath(d vpn.MFADevice, below ...string) string {
	return DirectoryPath(d.Directory, append([]string{"mfa", string(d.ID)}, below...)...)
}
