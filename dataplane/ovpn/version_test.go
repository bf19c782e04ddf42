package ovpn_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sallyport/dataplane/ovpn"
	"sallyport/vpn"
)

func TestWhichReleasesAreSafe(t *testing.T) {
	cases := []struct {
		upstream, pkg string
		safe          bool
	}{
		{"2.6.23", "", true},
		{"2.6.22", "", false},
		{"2.6.100", "", true},
		{"2.7.0", "", true},
		{"2.5.11", "", false},
		{"2.6.14", "", false}, // upstream's own 2.6.14 has none of the fixes
		{"2.6.14", "2.6.14-0+deb12u2", true},
		{"2.6.14", "2.6.14-0+deb12u10", true},
		{"2.6.14", "2.6.14-0+deb12u1", false},
		{"2.6.14", "2.6.14-1", false}, // sorts higher, but is older than the fixes
		{"2.6.14", "2.6.14-1+deb13u2", true},
		{"2.6.3", "2.6.3-1+deb12u4", false},
		{"2.6.19", "2.6.19-1~bpo12+1", false},
		{"2.6.14", "2.6.14-0ubuntu0.24.04.3", false},
	}
	for _, c := range cases {
		err := ovpn.Release{Upstream: c.upstream, Package: c.pkg}.Check()
		if (err == nil) != c.safe {
			t.Errorf("%s (%s): got %v, want safe = %v", c.upstream, c.pkg, err, c.safe)
		}
		if err != nil && (vpn.KindOf(err) != vpn.Unavailable || !strings.HasPrefix(err.Error(), "OpenVPN 2.") || !strings.HasSuffix(err.Error(), ".")) {
			t.Errorf("%s: not a sentence: %v", c.upstream, err)
		}
	}
}

func TestVersionOfTheInstalledBinary(t *testing.T) {
	r, err := ovpn.Version(t.Context(), "openvpn")
	if err != nil {
		t.Fatalf("install openvpn: %v", err)
	}
	if !strings.HasPrefix(r.Upstream, "2.") || r.Package != "" && !strings.HasPrefix(r.Package, r.Upstream) {
		t.Errorf("got %+v", r)
	}
	for _, c := range []string{"/no/such/openvpn", "/bin/true"} {
		if _, err := ovpn.Version(t.Context(), c); vpn.KindOf(err) != vpn.Unavailable {
			t.Errorf("%s: got %v, want a sentence", c, err)
		}
	}
	// A binary that is no package's has no revision, whatever package is installed beside it.
	script := filepath.Join(t.TempDir(), "openvpn")
	if err := os.WriteFile(script, []byte("#!/bin/sh\necho 'OpenVPN 2.6.14 x86_64'; exit 1\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if r, err := ovpn.Version(t.Context(), script); err != nil || r != (ovpn.Release{Upstream: "2.6.14"}) {
		t.Errorf("an unpackaged binary: got %+v (%v)", r, err)
	}
}
