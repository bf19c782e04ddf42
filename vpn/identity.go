package vpn

// Identity is who a VPN user is, as an identity source or a certificate proved it.
type Identity struct {
	Name   string   // what lists call the user: the certificate's common name, a user name, an e-mail address
	Groups []string // at most 200 are kept (guide line 2660)
}
