package pki

import (
	"errors"
	"fmt"
	"os"
)

// OpenSealer makes a sealer with the key in the file. Where there is no file, it creates one (0600) with a new key in
// hex. decode reads the text of the file.
func OpenSealer(path string, decode func(text string) ([]byte, error)) (*Sealer, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return createSealer(path)
	}
	if err != nil {
		return nil, err
	}
	key, err := decode(string(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return NewSealer(key)
}

func createSealer(path string) (*Sealer, error) {
	key := NewSealKey()
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	_, err = fmt.Fprintf(f, "%x\n", key)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, err
	}
	return NewSealer(key)
}
