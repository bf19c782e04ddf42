package control

import "sallyport/vpn"

// Settings are the deployment's names (DESIGN section 4) and what the settings page shows.
type Settings struct {
	PublicName      string // host name or address in profiles
	VPNDomain       string // where set and PublicName is not, profiles have <endpoint-id>.<domain>
	PublicURL       string // base of the pages that users and IdPs open
	FallbackAddress string // this host's own address, for profiles while neither name is set
	Version         string
	Reserved        []vpn.Reservation // ports of this host that no endpoint may have
}
