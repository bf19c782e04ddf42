package vpn

import (
	"net/netip"
	"strings"
	"testing"
	"time"
)

var (
	clientAddr = netip.MustParseAddrPort("198.51.100.7:40000")
	elsewhere  = netip.MustParseAddr("203.0.113.9")
	provedUser = ProviderUser{Key: "alice@example.com", Name: "alice@example.com"}
)

func newBrowserSignIn(t *testing.T, code bool, sso ...string) BrowserSignIn {
	t.Helper()
	s, err := NewBrowserSignIn("saml-1", LoginRequest{ID: "login", Device: clientAddr, Password: "x", SSO: sso}, "node", code, now)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestBrowserSignInMethod(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		sso    string
		code   bool
		method string
		typed  bool // a code is
		fails  bool
	}{
		{"", false, "", false, true},
		{"unknown", false, "", false, true},
		{"webauth", false, SSOWebAuth, false, false},
		{"crtext openurl webauth", false, SSOWebAuth, false, false},
		{"openurl crtext", false, SSOOpenURL, false, false},
		{"crtext", false, SSOCRText, true, false},
		{"webauth", true, "", false, true},
		{"webauth crtext", true, SSOWebAuth, true, false},
	} {
		s, err := NewBrowserSignIn("saml-1", LoginRequest{Password: "x", SSO: strings.Fields(c.sso)}, "node", c.code, now)
		if (CodeOf(err) == CodeBrowserMissing) != c.fails || s.Method != c.method || (s.Code != "") != c.typed {
			t.Errorf("%q, code %v: got %q, code %q, %v", c.sso, c.code, s.Method, s.Code.Reveal(), err)
		}
		if err == nil && (len(s.Token) != 22 || s.Login.Password != "" || s.StateAt(now) != BrowserWaiting) {
			t.Errorf("%q: got %+v", c.sso, s)
		}
	}
}

func TestBrowserSignIn(t *testing.T) {
	t.Parallel()
	request := SAMLRequest{ID: "_r", Browser: "cookie"}
	yes := BrowserAnswer{Yes: true, Request: "_r", Browser: "cookie", From: clientAddr.Addr()}
	signed := newBrowserSignIn(t, false, SSOWebAuth)
	if err := signed.Confirm(yes, false, now); err == nil {
		t.Error("confirmed before a user was proved")
	}
	if err := signed.SignIn(provedUser, 3, request, elsewhere, now); err != nil || signed.State != BrowserSignedIn {
		t.Fatalf("%v, %+v", err, signed)
	}
	for _, c := range []struct {
		what   string
		change func(a *BrowserAnswer)
		strict bool
		at     time.Time
		code   Code // of the error
		state  BrowserState
		proof  Code // of the refusal; empty: proved
	}{
		{"yes", nil, false, now, "", BrowserConfirmed, ""},
		{"no", func(a *BrowserAnswer) { a.Yes = false }, false, now, "", BrowserRefused, CodeBrowserRefused},
		{"another browser", func(a *BrowserAnswer) { a.Browser = "other" }, false, now, CodeBrowserOther, BrowserSignedIn, CodeBrowserTimeout},
		{"no cookie", func(a *BrowserAnswer) { a.Browser = "" }, false, now, CodeBrowserOther, BrowserSignedIn, CodeBrowserTimeout},
		{"no by another browser", func(a *BrowserAnswer) { a.Yes, a.Browser = false, "other" }, false, now, CodeBrowserOther, BrowserSignedIn, CodeBrowserTimeout},
		{"another answer", func(a *BrowserAnswer) { a.Request = "_former" }, false, now, CodeBrowserChanged, BrowserSignedIn, CodeBrowserTimeout},
		{"another address", func(a *BrowserAnswer) { a.From = elsewhere }, false, now, "", BrowserConfirmed, ""},
		{"another address, strict", func(a *BrowserAnswer) { a.From = elsewhere }, true, now, "", BrowserRefused, CodeBrowserAddress},
		{"mapped address, strict", func(a *BrowserAnswer) { a.From = netip.AddrFrom16(clientAddr.Addr().As16()) }, true, now, "", BrowserConfirmed, ""},
		{"late", nil, false, now.Add(BrowserWait), CodeBrowserLinkInvalid, BrowserSignedIn, CodeBrowserTimeout},
	} {
		s, a := signed, yes
		if c.change != nil {
			c.change(&a)
		}
		err := s.Confirm(a, c.strict, c.at)
		if CodeOf(err) != c.code || s.State != c.state {
			t.Errorf("%s: %v, state %s", c.what, err, s.State)
		}
		if p := s.Proof(c.at); c.proof == "" && (p.Refused != nil || p.User.Key != provedUser.Key || p.Version != 3 || p.Provider != "saml-1") || c.proof != "" && (p.Refused == nil || p.Refused.Code != c.proof) {
			t.Errorf("%s: proof %+v", c.what, p)
		}
		if s.State != BrowserSignedIn {
			if err := s.Confirm(a, c.strict, c.at); CodeOf(err) != CodeBrowserLinkInvalid {
				t.Errorf("%s, once more: %v", c.what, err)
			}
			if err := s.SignIn(provedUser, 3, request, elsewhere, now); CodeOf(err) != CodeBrowserLinkInvalid {
				t.Errorf("%s, signed in once more: %v", c.what, err)
			}
		}
	}
}

func TestBrowserCode(t *testing.T) {
	t.Parallel()
	s := newBrowserSignIn(t, true, SSOWebAuth, SSOCRText)
	s.Code = "012345"
	if s.Type("012345") {
		t.Error("the code is right before the person confirmed")
	}
	s.State, s.WrongCodes = BrowserConfirmed, 0
	spaced := s
	if !spaced.Type(" 012 345 ") {
		t.Error("a code with spaces is wrong")
	}
	for i := range maxWrongCodes {
		if s.Type([]string{"012346", "", "0123450"}[i]) {
			t.Errorf("wrong code %d is right", i)
		}
	}
	if s.State != BrowserRefused || s.RefusedCode != CodeBrowserCodeWrong || s.Type("012345") {
		t.Errorf("after wrong codes: %+v", s)
	}
	none := newBrowserSignIn(t, false, SSOWebAuth)
	none.State = BrowserConfirmed
	if none.Type("") {
		t.Error("an empty code is right where there is none")
	}
}

func TestSAMLRequestAnswer(t *testing.T) {
	t.Parallel()
	r := SAMLRequest{ID: "_r", Provider: "saml-1", Browser: "cookie", CreatedAt: now}
	for _, c := range []struct {
		what     string
		provider SAMLProviderID
		browser  string
		at       time.Time
		code     Code
	}{
		{"right", "saml-1", "cookie", now, ""},
		{"late", "saml-1", "cookie", now.Add(SAMLRequestTime), CodeSAMLRequestUnknown},
		{"another provider's address", "saml-2", "cookie", now, CodeSAMLProviderOther},
		{"another browser", "saml-1", "other", now, CodeBrowserOther},
		{"no cookie", "saml-1", "", now, CodeBrowserOther},
	} {
		got := r
		if err := got.Answer(c.provider, c.browser, c.at); CodeOf(err) != c.code || got.UsedAt.IsZero() != (c.code != "") {
			t.Errorf("%s: %v, %+v", c.what, err, got)
		}
		if c.code == "" {
			if err := got.Answer(c.provider, c.browser, c.at); CodeOf(err) != CodeSAMLRequestUnknown {
				t.Errorf("%s, once more: %v", c.what, err)
			}
		}
	}
	empty := r
	empty.Browser = ""
	if err := empty.Answer("saml-1", "", now); CodeOf(err) != CodeBrowserOther {
		t.Errorf("a request of no browser: %v", err)
	}
}
