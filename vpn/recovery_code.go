package vpn

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"
	"unicode"
)

// RecoveryCodes is how many recovery codes a set has.
const RecoveryCodes = 10

// A code that a person copies by hand has 60 bits, in letters and digits that are not taken for each other (Crockford's
// base32), in groups of four.
const (
	handCodeAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	handCodeLength   = 12
	handCodeGroup    = 4
)

// newHandCode is a random code to be copied by hand, with a hyphen between its groups.
func newHandCode() Secret {
	raw := make([]byte, handCodeLength)
	_, _ = rand.Read(raw)
	var b strings.Builder
	for i, x := range raw {
		if i > 0 && i%handCodeGroup == 0 {
			b.WriteByte('-')
		}
		b.WriteByte(handCodeAlphabet[x%32])
	}
	return Secret(b.String())
}

// bareHandCode is a typed code without separators and in one spelling. It is false where the text cannot be such a code.
func bareHandCode(typed string) (string, bool) {
	if len(typed) > maxMFAAnswer {
		return "", false
	}
	bare := strings.Map(func(r rune) rune {
		switch r = unicode.ToUpper(r); {
		case unicode.IsSpace(r), r == '-', r == '\u2010', r == '\u2011', r == '\u2013':
			return -1
		case r == 'O':
			return '0'
		case r == 'I', r == 'L':
			return '1'
		}
		return r
	}, typed)
	if len(bare) != handCodeLength || strings.Trim(bare, handCodeAlphabet) != "" {
		return "", false
	}
	return bare, true
}

// IsRecoveryCode tells whether a text has the form of a recovery code.
func IsRecoveryCode(typed string) bool {
	_, ok := bareHandCode(typed)
	return ok
}

// NewRecoveryCodes is a set of codes of which each stands once for a code of the authenticator, in the self-service portal.
func NewRecoveryCodes() []Secret {
	var codes []Secret
	for len(codes) < RecoveryCodes {
		if c := newHandCode(); !slices.Contains(codes, c) {
			codes = append(codes, c)
		}
	}
	return codes
}

// RecoveryDigest is what is kept of a recovery code of a device: a hash that is keyed with the key of the device, which is
// sealed. "" for a text that is no recovery code. Codes of a device that is replaced are of no use.
func RecoveryDigest(device MFADeviceID, key Secret, typed string) string {
	bare, ok := bareHandCode(typed)
	if !ok || key == "" {
		return ""
	}
	mac := hmac.New(sha256.New, []byte(key.Reveal()))
	_, _ = mac.Write([]byte("recovery code of " + string(device) + ":" + bare))
	return hex.EncodeToString(mac.Sum(nil))
}

// RecoveryState is what is known of the recovery codes of a device.
type RecoveryState struct {
	Made   time.Time // the set; zero: there is none
	Left   int       // codes that were not used
	UsedAt time.Time // when the last one was used; zero: none was
}

// RecoveryLow is how many codes are few.
const RecoveryLow = 3
