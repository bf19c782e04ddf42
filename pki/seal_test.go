package pki

import (
	"bytes"
	"errors"
	"testing"
)

func mustSealer(t *testing.T, current []byte, older ...[]byte) *Sealer {
	t.Helper()
	s, err := NewSealer(current, older...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSeal(t *testing.T) {
	t.Parallel()
	oldKey, newKey := NewSealKey(), NewSealKey()
	s := mustSealer(t, oldKey)
	const place = "certificates.key:cert-1"
	sealed := s.Seal([]byte("secret"), place)
	if bytes.Contains(sealed, []byte("secret")) || bytes.Equal(sealed, s.Seal([]byte("secret"), place)) {
		t.Error("sealed text shows its plaintext, or two seals are equal")
	}
	for name, opener := range map[string]*Sealer{"same key": s, "after a change of key": mustSealer(t, newKey, oldKey)} {
		if got, err := opener.Open(sealed, place); err != nil || string(got) != "secret" {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
	}
	flipped := bytes.Clone(sealed)
	flipped[len(flipped)-1] ^= 1
	otherVersion := bytes.Clone(sealed)
	otherVersion[0]++
	for name, c := range map[string]struct {
		s      *Sealer
		sealed []byte
		place  string
	}{
		"another row":     {s, sealed, "certificates.key:cert-2"},
		"another key":     {mustSealer(t, newKey), sealed, place},
		"changed":         {s, flipped, place},
		"another version": {s, otherVersion, place},
		"cut off":         {s, sealed[:len(sealed)-1], place},
		"header only":     {s, sealed[:sealHeader], place},
		"nothing":         {s, nil, place},
	} {
		if got, err := c.s.Open(c.sealed, c.place); !errors.Is(err, ErrSealed) {
			t.Errorf("%s: got %q, %v; want ErrSealed", name, got, err)
		}
	}
	if _, err := NewSealer(newKey[:16]); err == nil {
		t.Error("a short key is accepted")
	}
}
