package runner_test

import (
	"testing"

	"sallyport/control/controltest"
	"sallyport/control/device"
	"sallyport/control/portal"
	"sallyport/vpn"
)

// Where users sign in in the browser, the certificate of a device lets its own user in, and no other.
func TestDeviceInBrowser(t *testing.T) {
	t.Parallel()
	s := newBrowserSite(t, true)
	s.SetPortal(true)
	provider, _ := s.Endpoint.Provider().SAML()
	visitor := portal.Visitor{Addr: desk.Addr}
	to, err := s.Portal.Begin(t.Context(), s.Endpoint.ID, desk.Cookie, visitor)
	s.Must(err)
	answer, err := s.SignIns.Accept(t.Context(), provider, controltest.AnswerTo(to, "alice@example.com"), desk)
	s.Must(err)
	alice, err := s.Portal.Authenticate(t.Context(), answer.Portal, visitor)
	s.Must(err)
	_, d, err := s.Devices.Make(t.Context(), alice, device.Request{Endpoint: s.Endpoint.ID, Name: "phone"})
	s.Must(err)
	defer s.follow()()
	for id, c := range map[string]struct {
		user string
		code vpn.Code
	}{"login-1": {"bob@example.com", vpn.CodeDeviceOfOther}, "login-2": {"alice@example.com", ""}} {
		r := s.Login(string(d.ID))
		r.ID, r.Serial, r.Fingerprint, r.Token, r.SSO = id, d.Serial, d.Fingerprint, "token-"+id, []string{"webauth"}
		s.waits(r)
		s.confirm(s.SignInBrowser(controltest.TokenOf(s.nextPend().URL), desk, c.user), true, desk)
		if got := s.nextDecision(); got.Allow != (c.code == "") || got.Code != c.code {
			t.Errorf("%s: %+v", c.user, got)
		}
	}
}
