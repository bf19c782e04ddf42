package pki

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A certificate that lasts stays; one that ends within a week, lacks its key or does not name what it must, is replaced.
func TestEnsureSelfSigned(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "c.crt"), filepath.Join(dir, "c.key")
	must := ""
	ensure := func(validFor time.Duration) string {
		t.Helper()
		if err := EnsureSelfSigned(cert, key, []string{"vpn.example", "192.0.2.1"}, must, validFor); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(cert)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	first := ensure(30 * 24 * time.Hour)
	if ensure(30*24*time.Hour) != first {
		t.Error("a certificate that lasts was replaced")
	}
	if err := os.Remove(key); err != nil {
		t.Fatal(err)
	}
	second := ensure(6 * 24 * time.Hour)
	if second == first {
		t.Error("a certificate without its key stayed")
	}
	third := ensure(30 * 24 * time.Hour)
	if third == second {
		t.Error("a certificate that ends within a week stayed")
	}
	if facts, err := (Maker{}).Facts(third); err != nil || facts.CommonName != "vpn.example" {
		t.Errorf("got %+v, %v", facts, err)
	}
	for name, stays := range map[string]bool{"192.0.2.1": true, "vpn.example": true, "VPN.example": true, "other.example": false, "192.0.2.2": false} {
		must = name
		if again := ensure(30 * 24 * time.Hour); (again == third) != stays {
			t.Errorf("a certificate that must name %s stayed: %t", name, again == third)
		} else {
			third = again
		}
	}
	if info, err := os.Stat(key); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key file: %v, %v", info, err)
	}
}
