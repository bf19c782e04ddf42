package vpn

import "log/slog"

// Secret is text that must reach OpenVPN or a sealed column and nothing else: private keys,
// shared keys, passwords. It prints and logs as stars; Reveal is the one way to its value, so
// that every use can be found by name. It marshals as stars too; Keys, which crosses the socket
// to the dataplane, says so itself.
type Secret string

const stars = "*****"

// Reveal gives the value.
func (s Secret) Reveal() string { return string(s) }

// String hides the value from fmt.
func (s Secret) String() string { return stars }

// GoString hides the value from %#v.
func (s Secret) GoString() string { return stars }

// LogValue hides the value from slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(stars) }

// MarshalText hides the value from every encoder that does not ask for it by Reveal.
func (s Secret) MarshalText() ([]byte, error) { return []byte(stars), nil }

// KeyPair is a certificate with what belongs to it, PEM throughout.
type KeyPair struct {
	Certificate string
	Chain       string // intermediates and root above it; empty for a root
	Key         Secret // PKCS#8; empty where it is not kept
}
