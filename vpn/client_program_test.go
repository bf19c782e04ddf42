package vpn

import (
	"net/url"
	"slices"
	"testing"
)

// Every platform has a program for every kind of sign-in, from its makers' own site over TLS.
func TestClientPrograms(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, p := range Platforms() {
		for _, n := range []ClientNeeds{{}, {Browser: true}, {Code: true}, {Browser: true, Code: true}} {
			if len(SuitingPrograms(p, n)) == 0 {
				t.Errorf("%s has no program for %+v", p.Label(), n)
			}
		}
		for _, c := range ClientPrograms(p) {
			key := string(c.Platform) + " " + string(c.ID)
			if seen[key] || c.Platform != p || c.Name == "" {
				t.Errorf("%+v", c)
			}
			seen[key] = true
			if u, err := url.Parse(c.Site); err != nil || (c.Site == "") != (p == Linux) || c.Site != "" && (u.Scheme != "https" || u.Host == "") {
				t.Errorf("%s is downloaded from %q", key, c.Site)
			}
		}
	}
	names := func(n ClientNeeds) (out []ClientProgramID) {
		for _, c := range SuitingPrograms(Linux, n) {
			out = append(out, c.ID)
		}
		return out
	}
	if got := names(ClientNeeds{}); !slices.Equal(got, []ClientProgramID{NetworkManager, OpenVPNTerminal}) {
		t.Errorf("with a password: %v", got)
	}
	for _, n := range []ClientNeeds{{Browser: true}, {Code: true}} {
		if got := names(n); !slices.Equal(got, []ClientProgramID{OpenVPNTerminal}) {
			t.Errorf("%+v: %v", n, got)
		}
	}
}
