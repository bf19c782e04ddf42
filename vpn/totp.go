package vpn

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // what authenticators compute; RFC 6238 does not need its resistance to collisions
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode"
)

// The codes of authenticators: RFC 6238 with what every authenticator takes, SHA-1, six digits and 30 seconds.
const (
	totpStep   = 30 * time.Second
	totpDigits = 6
	totpDrift  = 1  // steps that a clock may be ahead or behind
	totpBytes  = 20 // of a key (RFC 4226, section 4)
)

var base32Key = base32.StdEncoding.WithPadding(base32.NoPadding)

// NewTOTPKey is a random key, in base32.
func NewTOTPKey() Secret {
	b := make([]byte, totpBytes)
	_, _ = rand.Read(b)
	return Secret(base32Key.EncodeToString(b))
}

// TOTP is the code of a key at a time. An unreadable key has no code.
func TOTP(key Secret, at time.Time) string { return totpOf(key, stepOf(at)) }

func stepOf(at time.Time) int64 { return at.Unix() / int64(totpStep/time.Second) }

func totpOf(key Secret, step int64) string {
	raw, err := base32Key.DecodeString(key.Reveal())
	if err != nil || len(raw) == 0 {
		return ""
	}
	mac := hmac.New(sha1.New, raw)
	_ = binary.Write(mac, binary.BigEndian, step)
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 0x0f
	n := binary.BigEndian.Uint32(sum[at:]) & 0x7fffffff
	return fmt.Sprintf("%0*d", totpDigits, n%1_000_000)
}

// MatchTOTP finds the time step of a typed code: now, or one step before or after. Codes of steps up to used have been used,
// or are older than one that was, and do not count. Spaces in a code are ignored.
func MatchTOTP(key Secret, typed string, now time.Time, used int64) (step int64, ok bool) {
	code := []byte(strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, typed))
	for s := stepOf(now) - totpDrift; s <= stepOf(now)+totpDrift; s++ {
		right := []byte(totpOf(key, s))
		if len(right) > 0 && subtle.ConstantTimeCompare(right, code) == 1 && s > used && !ok {
			step, ok = s, true
		}
	}
	return step, ok
}

// KeyURI is what an authenticator reads from a QR code.
func KeyURI(key Secret, issuer, account string) string {
	v := url.Values{"secret": {key.Reveal()}, "issuer": {issuer}, "algorithm": {"SHA1"}, "digits": {fmt.Sprint(totpDigits)}, "period": {fmt.Sprint(int(totpStep / time.Second))}}
	// Authenticators read spaces as %20 and not as +.
	return "otpauth://totp/" + url.PathEscape(issuer) + ":" + url.PathEscape(account) + "?" + strings.ReplaceAll(v.Encode(), "+", "%20")
}

// GroupedKey is a key as it is typed into an authenticator: in groups of four.
func GroupedKey(key Secret) string {
	var b strings.Builder
	for i, r := range key.Reveal() {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}
