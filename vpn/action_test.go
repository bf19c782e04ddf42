package vpn

import (
	"slices"
	"strings"
	"testing"
)

func TestActions(t *testing.T) {
	t.Parallel()
	if len(Actions()) < 40 || !slices.IsSorted(Actions()) {
		t.Fatalf("got %d actions, or out of order", len(Actions()))
	}
	for _, a := range Actions() {
		if a == "" || strings.ContainsAny(string(a), " .") || a.Text() == "" || a.Text() == string(a) {
			t.Errorf("%q has the text %q", a, a.Text())
		}
		shows := strings.HasPrefix(string(a), "Describe") || strings.HasPrefix(string(a), "List")
		if shows != (a.Access() == Reads) {
			t.Errorf("%s: access %d", a, a.Access())
		}
	}
	if a := Action("POST /networks/new"); a.Access() != ByProgram || a.Text() != "POST /networks/new" {
		t.Errorf("a refusal that an earlier version recorded: %q, access %d, text %q", a, a.Access(), a.Text())
	}
}

func TestCodes(t *testing.T) {
	t.Parallel()
	if len(Codes()) < 40 || !slices.IsSorted(Codes()) {
		t.Fatalf("got %d codes, or out of order", len(Codes()))
	}
	for _, c := range Codes() {
		if strings.ContainsAny(string(c), " ") || !strings.HasSuffix(c.Meaning(), ".") {
			t.Errorf("%q means %q", c, c.Meaning())
		}
	}
	if m := Code("Nonsense").Meaning(); m != "" {
		t.Errorf("an unknown code means %q", m)
	}
}
