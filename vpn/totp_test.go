package vpn_test

import (
	"encoding/base32"
	"net/url"
	"testing"
	"time"

	"sallyport/vpn"
)

var rfcKey = vpn.Secret(base32.StdEncoding.EncodeToString([]byte("12345678901234567890")))

// The values of RFC 6238, appendix B, cut to six digits.
func TestTOTP(t *testing.T) {
	t.Parallel()
	for at, want := range map[int64]string{59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130"} {
		if got := vpn.TOTP(rfcKey, time.Unix(at, 0)); got != want {
			t.Errorf("at %d: %s, want %s", at, got, want)
		}
	}
	if got := vpn.TOTP("not base32!", time.Unix(59, 0)); got != "" {
		t.Errorf("an unreadable key has the code %s", got)
	}
}

func TestMatchTOTP(t *testing.T) {
	t.Parallel()
	key, now := vpn.NewTOTPKey(), time.Unix(1800000000, 0)
	const step = 1800000000 / 30
	for _, c := range []struct {
		name  string
		typed string
		used  int64
		want  int64 // 0: refused
	}{
		{"now", vpn.TOTP(key, now), 0, step},
		{"with a space", vpn.TOTP(key, now)[:3] + " " + vpn.TOTP(key, now)[3:], 0, step},
		{"a step before", vpn.TOTP(key, now.Add(-30*time.Second)), 0, step - 1},
		{"a step after", vpn.TOTP(key, now.Add(30*time.Second)), 0, step + 1},
		{"two steps before", vpn.TOTP(key, now.Add(-time.Minute)), 0, 0},
		{"two steps after", vpn.TOTP(key, now.Add(time.Minute)), 0, 0},
		{"used", vpn.TOTP(key, now), step, 0},
		{"older than a used one", vpn.TOTP(key, now.Add(-30*time.Second)), step, 0},
		{"the next after a used one", vpn.TOTP(key, now.Add(30*time.Second)), step, step + 1},
		{"empty", "", 0, 0},
		{"another key's", vpn.TOTP(rfcKey, now), 0, 0},
	} {
		got, ok := vpn.MatchTOTP(key, c.typed, now, c.used)
		if ok != (c.want != 0) || got != c.want {
			t.Errorf("%s: step %d, %v, want %d", c.name, got, ok, c.want)
		}
	}
	if _, ok := vpn.MatchTOTP("", "", now, 0); ok {
		t.Error("an empty code passes for an empty key")
	}
}

func TestKeyURI(t *testing.T) {
	t.Parallel()
	u, err := url.Parse(vpn.KeyURI(rfcKey, "Corp & Co: VPN", "alice@corp.example.com"))
	if err != nil || u.Scheme != "otpauth" || u.Host != "totp" || u.Path != "/Corp & Co: VPN:alice@corp.example.com" {
		t.Fatalf("%v, %v", u, err)
	}
	if q := u.Query(); q.Get("secret") != rfcKey.Reveal() || q.Get("issuer") != "Corp & Co: VPN" || q.Get("digits") != "6" || q.Get("period") != "30" || q.Get("algorithm") != "SHA1" {
		t.Errorf("%v", q)
	}
	if got := vpn.GroupedKey("ABCDEFGHIJ"); got != "ABCD EFGH IJ" {
		t.Errorf("grouped: %s", got)
	}
}
