package signin_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/beevik/etree"

	"sallyport/control/controltest"
	"sallyport/saml/samltest"
	"sallyport/vpn"
	"sallyport/web/webtest"
)

func newIDP(t testing.TB, k *controltest.Kit) *samltest.IDP {
	t.Helper()
	idp := samltest.New(t, "https://idp.example.test", "https://idp.example.test/sso")
	idp.Now = k.Clock.Now
	idp.Renew(t, k.Clock.Now().Add(-time.Hour), k.Clock.Now().AddDate(1, 0, 0))
	return idp
}

// Answers that an identity provider has signed prove their users with their groups; one that was changed proves none, and is
// listed with its code.
func TestSignInAtIdentityProvider(t *testing.T) {
	t.Parallel()
	s := &site{Site: controltest.NewSite(t)}
	idp := newIDP(t, s.Kit)
	s.AskIDP(idp.Metadata())
	s.base = webtest.NewPublic(t, s.Kit)
	s.login = *s.Login("")
	s.login.SSO = []string{"webauth"}
	v, b := s.waiting(), s.browser()
	request, err := samltest.ReadRequest(toProvider(b, v))
	s.Must(err)
	forged := request.Answer("alice@example.com")
	forged.Tamper = func(response *etree.Element) { response.FindElement("//NameID").SetText("mallory@example.com") }
	form := idp.Form(forged)
	form.Set("RelayState", request.RelayState)
	answer(b, v, form).WantStatus(http.StatusForbidden).WantText("h1", "The sign-in failed")
	if n := len(s.Query("SELECT * FROM attempt WHERE code = 'SAMLSignatureInvalid'")); n != 1 {
		t.Errorf("%d refused attempts: %v", n, s.Query("SELECT * FROM attempt"))
	}
	request, err = samltest.ReadRequest(toProvider(b, v))
	s.Must(err)
	form = idp.Form(request.Answer("alice@example.com", "engineers"))
	form.Set("RelayState", request.RelayState)
	b.Follow(answer(b, v, form)).WantText("main", "signed in as alice@example.com")
	if got := s.state(v); got.State != vpn.BrowserSignedIn || got.User.Key != "alice@example.com" || len(got.User.Groups) != 1 || got.User.Groups[0].ID != "engineers" {
		t.Errorf("got %+v", got)
	}
}
