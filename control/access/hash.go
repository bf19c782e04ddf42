package access

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"
	"sync/atomic"

	"golang.org/x/crypto/argon2"

	"sallyport/vpn"
)

// Cost of a password hash: argon2id with 64 MiB and three passes (RFC 9106 section 4, second
// recommended option).
const (
	argonMemory  = 64 * 1024 // KiB
	argonTime    = 3
	argonThreads = 1
	argonKey     = 32
	argonSalt    = 16
)

// passwordHasher bounds how many hashes run at once, so that many sign-ins cannot exhaust memory, and how
// many wait, so that each waits seconds at most. One of its two slots is for known callers only: those who
// are signed in, and browsers in which a sign-in succeeded before. Many unknown clients that sign in at
// once cannot keep an administrator out.
type passwordHasher struct {
	shared   chan struct{} // holds a value while a hash of any caller runs
	reserved chan struct{} // likewise, of a known caller
	unknown  atomic.Int32  // how many unknown callers wait
	known    atomic.Int32  // how many known callers wait
	decoy    vpn.Secret    // checked where no account exists, so that both cases take the same time
}

// maxHashesWaiting is how many callers of each kind wait at most: about three seconds of hashes.
const maxHashesWaiting = 20

func newPasswordHasher() *passwordHasher {
	h := &passwordHasher{shared: make(chan struct{}, 1), reserved: make(chan struct{}, 1)}
	h.decoy = encodeHash(make([]byte, argonSalt), make([]byte, argonKey))
	return h
}

// acquire waits for a slot. Unavailable where too many callers of the same kind wait already.
func (h *passwordHasher) acquire(ctx context.Context, known bool) (release func(), err error) {
	var reserved chan struct{} // nil: never free
	waiting := &h.unknown
	if known {
		waiting, reserved = &h.known, h.reserved
	}
	defer waiting.Add(-1)
	if waiting.Add(1) > maxHashesWaiting {
		return nil, vpn.Refuse(vpn.Unavailable, vpn.CodeRequestLimitExceeded, "Too many passwords are being checked at the moment. Try again in half a minute.")
	}
	select {
	case h.shared <- struct{}{}:
		return func() { <-h.shared }, nil
	case reserved <- struct{}{}:
		return func() { <-h.reserved }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// hash gives the PHC string of a new password. Its caller is known: it is signed in, or has a set-up link.
func (h *passwordHasher) hash(ctx context.Context, password string) (vpn.Secret, error) {
	release, err := h.acquire(ctx, true)
	if err != nil {
		return "", err
	}
	defer release()
	salt := make([]byte, argonSalt)
	_, _ = rand.Read(salt)
	return encodeHash(salt, argon2.IDKey([]byte(password), salt, argonTime, argonMemory, argonThreads, argonKey)), nil
}

// matches tells whether the password belongs to the hash; an empty hash costs the same and
// never matches. known tells that the caller is a known one.
func (h *passwordHasher) matches(ctx context.Context, hash vpn.Secret, password string, known bool) (bool, error) {
	release, err := h.acquire(ctx, known)
	if err != nil {
		return false, err
	}
	defer release()
	exists := hash != ""
	if !exists {
		hash = h.decoy
	}
	p, err := decodeHash(hash)
	if err != nil {
		return false, err
	}
	got := argon2.IDKey([]byte(password), p.salt, p.time, p.memory, p.threads, uint32(len(p.key)))
	return subtle.ConstantTimeCompare(got, p.key) == 1 && exists, nil
}

func encodeHash(salt, key []byte) vpn.Secret {
	b := base64.RawStdEncoding
	return vpn.Secret(fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonTime, argonThreads,
		b.EncodeToString(salt), b.EncodeToString(key)))
}

type hashParts struct {
	memory, time uint32
	threads      uint8
	salt, key    []byte
}

func decodeHash(s vpn.Secret) (hashParts, error) {
	var p hashParts
	var version int
	fields := strings.Split(s.Reveal(), "$")
	if len(fields) != 6 || fields[1] != "argon2id" {
		return p, fmt.Errorf("password hash is not argon2id")
	}
	if _, err := fmt.Sscanf(fields[2], "v=%d", &version); err != nil || version != argon2.Version {
		return p, fmt.Errorf("password hash has an unknown version")
	}
	if _, err := fmt.Sscanf(fields[3], "m=%d,t=%d,p=%d", &p.memory, &p.time, &p.threads); err != nil {
		return p, fmt.Errorf("password hash parameters: %w", err)
	}
	var err error
	if p.salt, err = base64.RawStdEncoding.DecodeString(fields[4]); err != nil {
		return p, fmt.Errorf("password hash salt: %w", err)
	}
	if p.key, err = base64.RawStdEncoding.DecodeString(fields[5]); err != nil {
		return p, fmt.Errorf("password hash key: %w", err)
	}
	return p, nil
}
