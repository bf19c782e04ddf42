package vpn

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestSAMLMetadataDifferences(t *testing.T) {
	t.Parallel()
	end := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	old := SAMLMetadata{EntityID: "https://idp", SignInURL: "https://idp/sso", Certificates: []SAMLCertificate{{Subject: "a", Fingerprint: "AA", NotAfter: end}}}
	if d := old.DifferencesTo(old); d != nil {
		t.Errorf("the same: %v", d)
	}
	next := SAMLMetadata{EntityID: "https://idp", SignInURL: "https://idp/new", ValidUntil: end, Certificates: []SAMLCertificate{{Subject: "b", Fingerprint: "BB", NotAfter: end}}}
	want := []SAMLDifference{
		{"Sign-in URL", "https://idp/sso", "https://idp/new"},
		{"Signing certificate", "a, valid until 1 January 2027, SHA-256 AA", ""},
		{"Signing certificate", "", "b, valid until 1 January 2027, SHA-256 BB"},
		{"Metadata valid until", "no end", "1 January 2027"},
	}
	if d := old.DifferencesTo(next); !reflect.DeepEqual(d, want) {
		t.Errorf("got %+v", d)
	}
	later := old
	later.ValidUntil = end
	renewed := later
	renewed.ValidUntil = end.AddDate(0, 0, 7)
	if d := later.NewsIn(renewed); len(d) != 0 {
		t.Errorf("an end that moved on: %v", d)
	}
	if a, b, c := renewed.NewsIn(later), old.NewsIn(later), later.NewsIn(old); len(a) != 1 || len(b) != 1 || len(c) != 0 {
		t.Errorf("an earlier end: %v; a new one: %v; none any more: %v", a, b, c)
	}
	if s := (SAMLLook{Differences: want}).Sentence(); !strings.Contains(s, "Sign-in URL, Signing certificate, Metadata valid until.") {
		t.Error(s)
	}
}

// Warnings come 30, 14, 7 and 1 days before an end, and after it. Of several certificates the last one counts.
func TestSAMLExpiries(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)
	in := func(days float64) time.Time { return now.Add(time.Duration(days * float64(24*time.Hour))) }
	for _, c := range []struct {
		days  float64
		stage int
		says  string
	}{{31, -1, ""}, {30, 30, "in 30 days"}, {15, 30, "in 15 days"}, {14.5, 14, "in 14 days"}, {7, 7, "in 7 days"}, {1.9, 1, "in 1 day,"}, {0.5, 1, "within a day"}, {-0.1, 0, "ended on"}} {
		m := SAMLMetadata{Certificates: []SAMLCertificate{{NotAfter: in(-100)}, {NotAfter: in(c.days)}}}
		found := m.Expiries(now)
		switch {
		case c.stage < 0 && len(found) > 0:
			t.Errorf("%v days: %+v", c.days, found)
		case c.stage >= 0 && (len(found) != 1 || found[0].Stage != c.stage || !strings.Contains(found[0].Sentence(), c.says)):
			t.Errorf("%v days: %+v", c.days, found)
		}
	}
	m := SAMLMetadata{ValidUntil: in(3), Certificates: []SAMLCertificate{{NotAfter: in(9)}}}
	if found := m.Expiries(now); len(found) != 2 || found[0].What != "The metadata of the IdP" {
		t.Errorf("got %+v", found)
	}
}
