package vpn

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

// Names have letters, digits, spaces and a few marks: nothing that means something in a file, a
// log line or a page.
func TestNames(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, words string }{
		{"Main office", ""}, {"  Main office  ", ""}, {"Büro Zürich", ""}, {"東京", ""}, {"a_b.c:d/e=f+g-h@i", ""},
		{"नमस्ते", ""}, // combining marks belong to letters
		{strings.Repeat("x", MaxName), ""}, {strings.Repeat("ü", MaxName), ""},
		{"<script>alert(1)</script>", "“<”"}, {"a\nb", "a line break"}, {"a\rb", "a line break"}, {"a\tb", "a tab"},
		{`say "x"`, "“\"”"}, {"it's", "“'”"}, {"a\x00b", "U+0000"}, {"a\u202eb", "U+202E"}, {"a\u00a0b", "U+00A0"}, {"a;b", "“;”"}, {"$(reboot)", "“$”"},
		{strings.Repeat("x", 10000), "10000 characters"}, {strings.Repeat("ü", MaxName+1), "256 characters"},
		{"a\xffb", "not valid UTF-8"}, {"", "Enter a name"}, {" \t ", "Enter a name"},
	} {
		var check Check
		got := checkName(&check, "name", c.in, true)
		field := "name"
		if c.words == "" {
			field = ""
			if got != strings.TrimSpace(c.in) {
				t.Errorf("%q became %q", c.in, got)
			}
		}
		wantBad(t, fmt.Sprintf("%.20q", c.in), check.Err(), field, c.words)
	}
	var optional Check
	checkName(&optional, "name", "", false)
	wantBad(t, "an optional name left out", optional.Err(), "", "")
}

// Descriptions are one line of anything printable.
func TestDescriptions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, words string }{
		{"", ""}, {"It's “quoted” <b>text</b> & more", ""}, {strings.Repeat("ü", MaxDescription), ""},
		{"two\nlines", "a line break"}, {"a\x1b[31m", "U+001B"}, {strings.Repeat("x", 10000), "10000 characters"}, {"\xff", "not valid UTF-8"},
	} {
		var check Check
		checkDescription(&check, "description", c.in)
		field := "description"
		if c.words == "" {
			field = ""
		}
		wantBad(t, fmt.Sprintf("%.20q", c.in), check.Err(), field, c.words)
	}
}

// Empty rows go, spaces are trimmed, keys are there and are there once, 50 at most.
func TestTags(t *testing.T) {
	t.Parallel()
	many := make([]Tag, MaxTags+1)
	for i := range many {
		many[i] = Tag{Key: fmt.Sprint("k", i)}
	}
	for name, c := range map[string]struct {
		in    []Tag
		want  int
		words string
	}{
		"none":              {nil, 0, ""},
		"empty rows":        {[]Tag{{}, {" ", "\t"}, {"a", "b"}, {}}, 1, ""},
		"trimmed":           {[]Tag{{" a ", " b "}}, 1, ""},
		"value left out":    {[]Tag{{"a", ""}}, 1, ""},
		"longest":           {[]Tag{{strings.Repeat("ü", MaxTagKey), strings.Repeat("ü", MaxTagValue)}}, 1, ""},
		"fifty":             {many[:MaxTags], MaxTags, ""},
		"fifty-one":         {many, 0, "51 tags"},
		"no key":            {[]Tag{{"", "v"}}, 0, "no key"},
		"twice":             {[]Tag{{"a", "1"}, {" a", "2"}}, 0, "is repeated"},
		"case differs":      {[]Tag{{"a", "1"}, {"A", "2"}}, 2, ""},
		"long key":          {[]Tag{{strings.Repeat("x", MaxTagKey+1), ""}}, 0, "at most 128"},
		"long value":        {[]Tag{{"a", strings.Repeat("x", MaxTagValue+1)}}, 0, "at most 256"},
		"markup":            {[]Tag{{"a", "<script>"}}, 0, "“<”"},
		"line break":        {[]Tag{{"a\nb", ""}}, 0, "a line break"},
		"not UTF-8":         {[]Tag{{"a", "\xff"}}, 0, "not allowed"},
		"quote, and no key": {[]Tag{{"", `"`}}, 0, "no key"},
	} {
		var check Check
		got := NormalizeTags(&check, c.in)
		if c.words == "" {
			wantBad(t, name, check.Err(), "", "")
			if len(got) != c.want {
				t.Errorf("%s: got %v", name, got)
			}
			continue
		}
		wantBad(t, name, check.Err(), "tags", c.words)
	}
}

// Whatever is accepted is trimmed, short, printable text, and is accepted again unchanged.
func FuzzNames(f *testing.F) {
	for _, s := range []string{"Main office", "<b>", "a\nb", "\xff", "ü", " x ", "\u202e"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var c Check
		name := checkName(&c, "name", s, false)
		if c.Err() != nil {
			return
		}
		var again Check
		if checkName(&again, "name", name, false) != name || again.Err() != nil {
			t.Errorf("%q is not accepted again: %v", name, again.Err())
		}
		if !isPrintable(name) || utf8.RuneCountInString(name) > MaxName || strings.ContainsAny(name, "<>\"'&\\`$;\r\n") {
			t.Errorf("%q was accepted", name)
		}
	})
}

func FuzzNormalizeTags(f *testing.F) {
	f.Add("a", "b", "a", "c")
	f.Add("", "v", " k ", "")
	f.Add("\xff", "", "<", ">")
	f.Fuzz(func(t *testing.T, k1, v1, k2, v2 string) {
		var c Check
		tags := NormalizeTags(&c, []Tag{{k1, v1}, {k2, v2}})
		if c.Err() != nil {
			return
		}
		seen := map[string]bool{}
		for _, tag := range tags {
			if tag.Key == "" || seen[tag.Key] || !isPrintable(tag.Key+tag.Value) || strings.ContainsAny(tag.Key+tag.Value, "<>\"'&\r\n") {
				t.Errorf("accepted %q", tags)
			}
			seen[tag.Key] = true
		}
		var again Check
		if got := NormalizeTags(&again, tags); len(got) != len(tags) || again.Err() != nil {
			t.Errorf("%q is not accepted again", tags)
		}
	})
}
