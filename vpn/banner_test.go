package vpn

import (
	"strings"
	"testing"
)

// A banner has up to 1,400 characters of any script, on up to 60 lines; an enabled one has a text.
func TestBanner(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, text string
		enabled    bool
		want       string
	}{
		{"none", "", false, ""},
		{"longest", strings.Repeat("ü👩🏽‍🚒", 280), true, ""}, // an emoji of four characters
		{"kept while off", "Welcome", false, ""},
		{"lines and tabs", "Welcome\n\tto \"us\", 100 % #1; \\o/\n", true, ""},
		{"most lines", strings.Repeat("a\n", 59), true, ""},
		{"too long", strings.Repeat("ü", 1401), true, "has 1401 characters"},
		{"too long while off", strings.Repeat("x", 1401), false, "has 1401 characters"},
		{"too many lines", strings.Repeat("a\n", 60), true, "has 61 lines"},
		{"no text", " \n", true, "Enter the text"},
		{"carriage return", "a\rb", true, "a line break is not allowed"},
		{"escape", "a\x1b[0m", true, "U+001B"},
		{"broken", "a\xff", true, "not valid UTF-8"},
	} {
		o := DefaultOptions()
		o.BannerEnabled, o.Banner = c.enabled, c.text
		var check Check
		o.Check(&check)
		got := FieldsOf(check.Err())["banner"]
		if (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}
