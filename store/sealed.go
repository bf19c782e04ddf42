package store

import (
	"errors"
	"fmt"

	"sallyport/vpn"
)

// Sealer encrypts a secret for one place and decrypts it there and nowhere else.
type Sealer interface {
	Seal(plaintext []byte, place string) []byte
	Open(sealed []byte, place string) ([]byte, error)
}

var errNoSealer = errors.New("the database's secrets need the sealing key, which was not given")

// seal encrypts a secret for a column of a row; an empty one is kept as NULL.
func (s *Store) seal(secret vpn.Secret, column, row string) ([]byte, error) {
	switch {
	case secret == "":
		return nil, nil
	case s.options.Sealer == nil:
		return nil, errNoSealer
	}
	return s.options.Sealer.Seal([]byte(secret.Reveal()), column+":"+row), nil
}

func (s *Store) unseal(sealed []byte, column, row string) (vpn.Secret, error) {
	switch {
	case len(sealed) == 0:
		return "", nil
	case s.options.Sealer == nil:
		return "", errNoSealer
	}
	plain, err := s.options.Sealer.Open(sealed, column+":"+row)
	if err != nil {
		return "", fmt.Errorf("open %s of %s: %w", column, row, err)
	}
	return vpn.Secret(plain), nil
}

// Sealer is the store's own, for values that are not in the database. Without one nothing can be opened.
func (s *Store) Sealer() Sealer {
	if s.options.Sealer == nil {
		return noSealer{}
	}
	return s.options.Sealer
}

type noSealer struct{}

func (noSealer) Seal([]byte, string) []byte          { return nil }
func (noSealer) Open([]byte, string) ([]byte, error) { return nil, errNoSealer }
