package vpn

import (
	"strings"
	"testing"
)

// A common name has at most 64 bytes of printable characters of any script. What it may not have
// is named.
func TestCheckCommonName(t *testing.T) {
	t.Parallel()
	for _, cn := range []string{
		"alice", "O'Brien", "O’Brien", "D`Angelo", "kiosk (2nd floor)", "Smith & Sons, Ltd.", "a+b@example.com", "*.example.com", "Doe; John", "100%", "#7",
		"C:/x=y", "Bob <bob@example.com>", "What?!", "{x}[y]|~^$_", "Zoë", "Zoe\u0308", "Renée–Ann", "東京", "Александр", "علی", "नमस्ते", "עברית", "ไทย", "🦊", " x ",
		strings.Repeat("x", 64), strings.Repeat("ж", 32), "Александр Константинопольский", "vpn.bücher.example",
	} {
		if got := CheckCommonName(cn); got != "" {
			t.Errorf("%q: got %q", cn, got)
		}
	}
	for cn, says := range map[string]string{
		"":                            "is empty",
		strings.Repeat("x", 65):       "has 65 bytes",
		strings.Repeat("ж", 32) + "x": "has 65 bytes",
		"Александр Константинопольский-Преображенский": "has 86 bytes",
		"Сервер-виртуальной-частной-сети-предприятия":  "has 82 bytes",
		"a\x00b":                   "the control character U+0000",
		"a\x07b":                   "the control character U+0007",
		"a\x1bb":                   "the control character U+001B",
		"a\tb":                     "a tab",
		"a\nb":                     "a line break",
		"a\x7fb":                   "the control character U+007F",
		"a\u0085b":                 "the control character U+0085",
		"a\u009fb":                 "the control character U+009F",
		"a\u202eb":                 "the invisible format character U+202E",
		"a\u2066b":                 "the invisible format character U+2066",
		"a\u200bb":                 "the invisible format character U+200B",
		"a\u200fb":                 "the invisible format character U+200F",
		"a\u00adb":                 "the invisible format character U+00AD",
		"\ufeffa":                  "the invisible format character U+FEFF",
		"a\U000e0041b":             "the invisible format character U+E0041",
		"a\u2028b":                 "the invisible format character U+2028",
		"a\u00a0b":                 "the character U+00A0, which has no visible form",
		"a\ue000b":                 "the character U+E000, which has no visible form",
		"a\xffb":                   "not valid UTF-8",
		`a"b`:                      "“\"”",
		`a\b`:                      `“\”`,
		strings.Repeat("\x01", 70): "the control character U+0001",
	} {
		if got := CheckCommonName(cn); !strings.Contains(got, says) {
			t.Errorf("%q: got %q, want %q", cn, got, says)
		} else if strings.Contains(got, "contains") && !strings.Contains(got, "64 bytes") {
			t.Errorf("%q: %q does not name the limit", cn, got)
		}
	}
}

// A display name that is made from a common name is always a possible name.
func TestNameFromCommonName(t *testing.T) {
	t.Parallel()
	for cn, want := range map[string]string{
		"alice": "alice", "O'Brien": "OBrien", "O’Brien": "OBrien", "kiosk (2nd floor)": "kiosk 2nd floor", "Smith & Sons, Ltd.": "Smith Sons Ltd.",
		`a"b\c`: "a b c", "a\u202eb": "a b", "a\x00b": "a b", "a\xffb": "a b", "🦊": "", " x ": "x", "Zoe\u0308": "Zoe\u0308",
	} {
		got := nameFromCommonName(cn)
		var c Check
		if checkName(&c, "name", got, false); got != want || c.Err() != nil {
			t.Errorf("%q: got %q (%v), want %q", cn, got, c.Err(), want)
		}
	}
	if got := NewCertificate("", UseClient, "", KeyPair{}, CertificateFacts{CommonName: "O'Brien"}, now); got.Name != "OBrien" || got.CommonName != "O'Brien" {
		t.Errorf("imported without a name: got %q for %q", got.Name, got.CommonName)
	}
}

func TestPrintableText(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"O'Brien": "O'Brien", "a\u0085b": "a\ufffdb", "a\x00\u202eb": "a\ufffd\ufffdb", "a\xff\xfeb": "a\ufffdb", "東京": "東京"} {
		if got := PrintableText(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}
