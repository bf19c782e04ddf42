package pki

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
)

// SealKeySize is the length in bytes of a sealing key.
const SealKeySize = 32

// ErrSealed is the error for a sealed value that cannot be opened: its key is unknown, it was moved from the place that
// it was sealed for, or it was changed.
var ErrSealed = errors.New("sealed value cannot be opened")

const (
	sealVersion = 1
	keyIDSize   = 4
	sealHeader  = 1 + keyIDSize
)

// Sealer encrypts secrets at rest: AES-256-GCM with random nonces. A sealed value is bound to its
// place (by convention "table.column:row"), so that a value that was copied to another row or
// column cannot be opened there. It begins with a version byte and an identifier of its key, so that keys can be
// changed: NewSealer takes older keys that only open.
type Sealer struct {
	current [keyIDSize]byte
	keys    map[[keyIDSize]byte]cipher.AEAD
}

// NewSealer takes the key that seals and older keys that only open, SealKeySize bytes each.
func NewSealer(current []byte, older ...[]byte) (*Sealer, error) {
	s := &Sealer{keys: map[[keyIDSize]byte]cipher.AEAD{}}
	for i, key := range append([][]byte{current}, older...) {
		if len(key) != SealKeySize {
			return nil, fmt.Errorf("sealing key has %d bytes, want %d", len(key), SealKeySize)
		}
		block, err := aes.NewCipher(key)
		if err != nil {
			return nil, fmt.Errorf("sealing key: %w", err)
		}
		aead, err := cipher.NewGCMWithRandomNonce(block)
		if err != nil {
			return nil, fmt.Errorf("sealing key: %w", err)
		}
		id := keyID(key)
		s.keys[id] = aead
		if i == 0 {
			s.current = id
		}
	}
	return s, nil
}

// NewSealKey returns a random sealing key.
func NewSealKey() []byte {
	key := make([]byte, SealKeySize)
	_, _ = rand.Read(key)
	return key
}

func keyID(key []byte) [keyIDSize]byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("sallyport seal key id"))
	return [keyIDSize]byte(mac.Sum(nil))
}

// Seal encrypts plaintext for one place.
func (s *Sealer) Seal(plaintext []byte, place string) []byte {
	out := append([]byte{sealVersion}, s.current[:]...)
	return s.keys[s.current].Seal(out, nil, plaintext, sealedFor(out, place)) //nolint:gosec // G407: the cipher makes its own random nonce
}

// Open decrypts a value that was sealed for the same place. Otherwise the error is ErrSealed.
func (s *Sealer) Open(sealed []byte, place string) ([]byte, error) {
	if len(sealed) < sealHeader || sealed[0] != sealVersion {
		return nil, fmt.Errorf("%w: it is not of a known form", ErrSealed)
	}
	aead, ok := s.keys[[keyIDSize]byte(sealed[1:sealHeader])]
	if !ok {
		return nil, fmt.Errorf("%w: its key %x is not at hand", ErrSealed, sealed[1:sealHeader])
	}
	plaintext, err := aead.Open(nil, nil, sealed[sealHeader:], sealedFor(sealed[:sealHeader], place))
	if err != nil {
		return nil, fmt.Errorf("%w: it was changed or belongs elsewhere", ErrSealed)
	}
	return plaintext, nil
}

func sealedFor(header []byte, place string) []byte {
	return append(append(make([]byte, 0, len(header)+len(place)), header...), place...)
}
