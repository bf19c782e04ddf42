package control

import "sallyport/vpn"

// Settings are the names of the deployment, and what the settings page shows besides.
type Settings struct {
	PublicName      string // host name or address in profiles
	VPNDomain       string // profiles have <endpoint-id>.<domain> where this is set and PublicName is not
	PublicURL       string // base of the pages for end users and identity providers
	FallbackAddress string // this host's own address, for profiles while neither name is set
	Version         string
	Share           vpn.Share         // of each client certificate
	Reserved        []vpn.Reservation // ports of this host that no endpoint may have
}
