package admin

import (
	"net/netip"
	"strings"
	"time"

	"sallyport/views/parts"
	"sallyport/vpn"
)

// NameOr is the name of a thing, or its ID where it has no name.
func NameOr[I ~string](name string, id I) string {
	if name == "" {
		return string(id)
	}
	return name
}

// Date is the day of a time, in UTC.
func Date(t time.Time) string { return t.UTC().Format("2 January 2006") }

// TransportName is a transport protocol as the guide writes it: "UDP", "TCP".
func TransportName(t vpn.Transport) string { return strings.ToUpper(string(t)) }

// Destination is the destination of a rule or a route.
func Destination(p netip.Prefix) string {
	if vpn.IsAny(p) {
		return p.String() + " (everywhere)"
	}
	return p.String()
}

// PlatformName is what a client says that it runs on (IV_PLAT), as its maker writes it. A platform that is not known
// is shown as the client wrote it.
func PlatformName(platform string) string {
	switch platform {
	case "win":
		return "Windows"
	case "mac":
		return "macOS"
	case "ios":
		return "iOS"
	case "android":
		return "Android"
	case "linux":
		return "Linux"
	}
	return platform
}

// ClientProgram is what a client said of itself: its system and its version. OpenVPN itself sends its version alone.
func ClientProgram(platform, version string) string {
	name := PlatformName(platform)
	switch {
	case version == "":
		return name
	case version[0] >= '0' && version[0] <= '9':
		version = "OpenVPN " + version
	}
	if name == "" {
		return version
	}
	return name + ", " + version
}

// Prefixes lists address ranges: "10.0.0.0/16, 10.1.0.0/16".
func Prefixes(list []netip.Prefix) string {
	words := make([]string, len(list))
	for i, p := range list {
		words[i] = p.String()
	}
	return strings.Join(words, ", ")
}

// EndpointNames lists endpoints in a sentence: "endpoint main", or "endpoints main and branch".
func EndpointNames(list []vpn.EndpointRef) string {
	words := make([]string, len(list))
	for i, e := range list {
		words[i] = e.Label()
	}
	switch len(words) {
	case 0:
		return "no endpoint"
	case 1:
		return "endpoint " + words[0]
	default:
		return "endpoints " + vpn.JoinWords(words)
	}
}

// Tags lists tags: "team = network, office".
func Tags(tags []vpn.Tag) string {
	words := make([]string, len(tags))
	for i, t := range tags {
		words[i] = strings.TrimSuffix(t.Key+" = "+t.Value, " = ")
	}
	return strings.Join(words, ", ")
}

// CertificateState is "blocked", or what ExpiryState says.
func CertificateState(c vpn.CertificateStatus, now time.Time) string {
	switch {
	case c.Blocked != nil:
		return "blocked"
	case c.Revoked != nil && c.Revoked.Hold():
		return "on hold"
	case c.Revoked != nil:
		return "revoked"
	}
	return ExpiryState(c.Certificate, now)
}

// ExpiryState is "valid", "expires soon" or "expired".
func ExpiryState(c vpn.Certificate, now time.Time) string {
	switch {
	case c.Expired(now):
		return "expired"
	case c.ExpiresSoon(now):
		return "expires soon"
	default:
		return "valid"
	}
}

// CertificateUse names a use.
func CertificateUse(u vpn.CertificateUse) string {
	switch u {
	case vpn.UseAuthority:
		return "Certificate authority"
	case vpn.UseServer:
		return "Server"
	default:
		return "Client"
	}
}

func originName(o vpn.RouteOrigin) string {
	return parts.YesNo(o == vpn.OriginAssociate, "Automatic", "Manual")
}

// RouteTarget is what a route leads through.
func RouteTarget(r vpn.Route) string {
	if r.Local() {
		return vpn.LocalTarget
	}
	return string(r.Subnet)
}

// RoleName names a role.
func RoleName(r vpn.Role) string {
	return parts.YesNo(r == vpn.RoleAdministrator, "Administrator", "Read-only")
}

// AccountState is "active" or "disabled".
func AccountState(a vpn.Administrator) string {
	return parts.YesNo(a.Disabled, "disabled", "active")
}

// CertificateOptions are the choices of a select; none names the choice without a certificate.
func CertificateOptions(none string, list []vpn.Certificate) []parts.Option {
	out := []parts.Option{{Label: none}}
	named := map[string]int{}
	for _, c := range list {
		named[c.Name+"\x00"+c.CommonName]++
	}
	for _, c := range list {
		label := NameOr(c.Name, c.ID)
		if c.CommonName != c.Name {
			label += " (" + c.CommonName + ")"
		}
		label += ", valid until " + Date(c.NotAfter)
		if named[c.Name+"\x00"+c.CommonName] > 1 { // another one looks the same
			label += ", ID … " + string(c.ID)[max(0, len(c.ID)-6):]
		}
		out = append(out, parts.Option{Value: string(c.ID), Label: label})
	}
	return out
}

// DirectoryType is the type of a directory in words.
func DirectoryType(t vpn.DirectoryType) string {
	switch t {
	case vpn.ActiveDirectory:
		return "Active Directory"
	case vpn.OpenLDAP:
		return "OpenLDAP"
	case vpn.OtherDirectory:
		return "Other LDAP directory"
	}
	return string(t)
}
