package web_test

import "testing"

// wantButton wants the page to ask for a confirmation.
func wantButton(t *testing.T, p page, label string) {
	t.Helper()
	if got := p.doc.Find("main .confirm-card [type=submit]").Text(); got != label {
		t.Errorf("the page offers %q, want %q", got, label)
	}
}

// wantNoButton wants the page to offer nothing that would be refused.
func wantNoButton(t *testing.T, p page) {
	t.Helper()
	if got := p.doc.Find("main .confirm-card [type=submit]"); got.Length() != 0 {
		t.Errorf("the page offers %q, which would be refused", got.Text())
	}
	checkMarkup(t, "confirmation", p)
}
