package pki

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func decodeHex(text string) ([]byte, error) { return hex.DecodeString(strings.TrimSpace(text)) }

// The first start creates the key, and later ones open what was sealed with it.
func TestOpenSealer(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "seal.key")
	first, err := OpenSealer(path, decodeHex)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key file: %v, %v", info, err)
	}
	second, err := OpenSealer(path, decodeHex)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := second.Open(first.Seal([]byte("secret"), "p"), "p"); err != nil || string(got) != "secret" {
		t.Errorf("got %q, %v", got, err)
	}
	if err := os.WriteFile(path, []byte("no key"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenSealer(path, decodeHex); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("a malformed key: %v", err)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "no key" {
		t.Errorf("the malformed key was replaced: %q, %v", text, err)
	}
	if _, err := OpenSealer(filepath.Join(path, "below"), decodeHex); err == nil {
		t.Error("a file below a file is opened")
	}
}
