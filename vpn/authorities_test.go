package vpn

import "testing"

// A worker that was not yet given the endpoint's present authorities has verified a client with one that was removed: the client is
// told to try again, and finds the present ones then.
func TestLoginOfARemovedAuthority(t *testing.T) {
	t.Parallel()
	direct := []ChainCertificate{{Serial: "1", Fingerprint: "AA:01"}}
	below := []ChainCertificate{{Serial: "7", Fingerprint: "AA:02"}, {Serial: "1", Fingerprint: "AA:01"}}
	for name, c := range map[string]struct {
		present Authorities
		chain   []ChainCertificate
		want    Kind
	}{
		"issued by a present authority":  {Authorities{"aa01": "key"}, direct, 0},
		"below a present authority":      {Authorities{"aa01": "key"}, below, 0},
		"issued by a removed authority":  {Authorities{"bb01": "key"}, direct, Unavailable},
		"below a removed authority":      {Authorities{"bb01": "key"}, below, Unavailable},
		"from a dataplane without chain": {Authorities{"bb01": "key"}, nil, 0},
	} {
		login := c.present.Verify(LoginRequest{CommonName: "alice", Issuer: "AA:01", Chain: c.chain})
		refused := DecideLogin(Endpoint{}, EndpointAvailable, nil, nil, Barred{}, login, Proof{})
		if (refused == nil) != (c.want == 0) || refused != nil && refused.Kind != c.want {
			t.Errorf("%s: %v", name, refused)
		}
	}
}
