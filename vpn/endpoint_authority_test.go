package vpn

import "testing"

// Two authorities of which one is the issuer of the server's certificate let in what each issued itself, and nothing else.
func TestRequiredIssuers(t *testing.T) {
	t.Parallel()
	root := Certificate{Use: UseAuthority, CommonName: "Root", Fingerprint: "AA:BB"}
	own := Certificate{Use: UseServer, Issuer: "Servers", Chain: "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"}
	servers := RequiredIssuer(own).Fingerprint
	for name, c := range map[string]struct {
		trusted Issuers
		issuer  string
		in      bool
	}{
		"one root, anything that OpenVPN verified":  {RequiredIssuers(root), "other", true},
		"two roots, likewise":                       {RequiredIssuers(root, root), "other", true},
		"own authority":                             {RequiredIssuers(own), servers, true},
		"own authority, another one below its root": {RequiredIssuers(own), "other", false},
		"both, by the own one":                      {RequiredIssuers(own, root), servers, true},
		"both, by the root itself":                  {RequiredIssuers(own, root), "aabb", true},
		"both, another one":                         {RequiredIssuers(own, root), "other", false},
	} {
		if got := c.trusted.issued(LoginRequest{Issuer: c.issuer}); got != c.in {
			t.Errorf("%s: %v", name, got)
		}
	}
}
