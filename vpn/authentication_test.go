package vpn

import (
	"net/netip"
	"strings"
	"testing"
	"time"
)

// What users prove: at least one of a certificate and a password. What was not chosen is not taken from the rest of a form.
func TestAuthentication(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spec         EndpointSpec
		ca           CertificateID
		directory    DirectoryID
		field, words string
	}{
		"neither":                   {EndpointSpec{ClientCA: "cert-ca", Directory: "d-1"}, "", "", "mutual", "at least one"},
		"own authority":             {EndpointSpec{Mutual: true}, "cert-1", "", "", ""},
		"another authority":         {EndpointSpec{Mutual: true, ClientCA: "cert-ca", Directory: "d-1"}, "cert-ca", "", "", ""},
		"directory":                 {EndpointSpec{UserBased: true, Directory: "d-1", ClientCA: "cert-ca"}, "", "d-1", "", ""},
		"no directory":              {EndpointSpec{UserBased: true}, "", "", "directory", "Choose the directory"},
		"certificate and directory": {EndpointSpec{UserBased: true, Mutual: true, Directory: "d-1"}, "cert-1", "d-1", "", ""},
		"unknown kind":              {EndpointSpec{UserBased: true, UserAuthentication: "card", Directory: "d-1"}, "", "", "user_authentication", "Choose"},
		"no SAML provider":          {EndpointSpec{UserBased: true, UserAuthentication: FederatedAuthentication, Directory: "d-1", PortalSAML: "saml-2"}, "", "", "saml", "Choose the SAML provider"},
	} {
		s := c.spec
		s.Name, s.ClientCIDR, s.Certificate, s.ClientOptions = "main", "10.20.0.0/22", "cert-1", DefaultOptions()
		e, err := NewEndpoint(s, now)
		wantBad(t, name, err, c.field, c.words)
		if e.ClientCA != c.ca || e.Directory != c.directory || e.Mutual() != (c.ca != "") || e.AsksPassword() != (c.directory != "") {
			t.Errorf("%s: authority %q, directory %q", name, e.ClientCA, e.Directory)
		}
	}
}

// Users of an endpoint sign in at a directory or at a SAML provider, never at both; one SAML provider is enough for the portal.
func TestFederatedAuthentication(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spec         EndpointSpec
		saml, portal SAMLProviderID
		proves       ProviderID
		label        string
	}{
		"one provider":     {EndpointSpec{SAML: "saml-1", Directory: "d-1"}, "saml-1", "", "saml-1", "Federated authentication"},
		"the same twice":   {EndpointSpec{SAML: "saml-1", PortalSAML: "saml-1"}, "saml-1", "", "saml-1", "Federated authentication"},
		"two providers":    {EndpointSpec{SAML: "saml-1", PortalSAML: "saml-2"}, "saml-1", "saml-2", "saml-2", "Federated authentication"},
		"with certificate": {EndpointSpec{SAML: "saml-1", Mutual: true}, "saml-1", "", "saml-1", "Federated authentication and mutual authentication"},
	} {
		s := c.spec
		s.UserBased, s.UserAuthentication = true, FederatedAuthentication
		s.Name, s.ClientCIDR, s.Certificate, s.ClientOptions = "main", "10.20.0.0/22", "cert-1", DefaultOptions()
		e, err := NewEndpoint(s, now)
		if err != nil || e.SAML != c.saml || e.PortalSAML != c.portal || e.Directory != "" || e.Mutual() != s.Mutual || !e.UserBased() || e.AsksPassword() {
			t.Errorf("%s: %+v, %v", name, e, err)
		}
		if e.Provider() != c.saml.Provider() || e.PortalProvider() != c.proves || e.AuthenticationType(Directory{}) != c.label {
			t.Errorf("%s: provider %s, portal %s, %s", name, e.Provider(), e.PortalProvider(), e.AuthenticationType(Directory{}))
		}
		if d := (DesiredInput{Endpoint: e}).Desired(); !d.Browser || d.Passwords || d.WithoutCertificates == s.Mutual {
			t.Errorf("%s: desired %+v", name, d)
		}
	}
	e := newEndpoint(t)
	e.SAML = ""
	e.Directory = "d-1"
	if e.PortalProvider() != "d-1" {
		t.Errorf("the portal of an endpoint with a directory: %s", e.PortalProvider())
	}
}

// Where users sign in in the browser, the proof is of the endpoint's SAML provider.
func TestFederatedLogin(t *testing.T) {
	t.Parallel()
	e := newEndpoint(t)
	e.ClientCA, e.SAML = "", "saml-1"
	alice := Proof{Provider: "saml-1", User: ProviderUser{Key: "alice@example.test", Name: "alice@example.test"}}
	stay := []Association{{}}
	for name, c := range map[string]struct {
		proof Proof
		want  Code
	}{
		"proved":                    {alice, ""},
		"not proved":                {Proof{}, CodeLoginNotDecided},
		"by another provider":       {Proof{Provider: "saml-2", User: alice.User}, CodeLoginNotDecided},
		"by a provider of no user":  {Proof{Provider: "saml-1"}, CodeLoginNotDecided},
		"refused at the sign-in":    {Proof{Provider: "saml-1", Refused: errUserBlocked}, CodeUserBlocked},
		"by a directory before now": {Proof{Provider: "d-1", User: alice.User}, CodeLoginNotDecided},
	} {
		refused := DecideLogin(e, EndpointAvailable, stay, nil, Barred{}, LoginRequest{Username: "browser", SSO: []string{SSOWebAuth}}, c.proof)
		if c.want == "" && refused != nil || c.want != "" && (refused == nil || refused.Code != c.want) {
			t.Errorf("%s: got %v, want %q", name, refused, c.want)
		}
	}
	if refused := DecideLogin(e, EndpointAvailable, stay, nil, Barred{}, LoginRequest{Username: "browser"}, Proof{}); refused == nil || refused.Code != CodeBrowserMissing {
		t.Errorf("a client without a browser: %v", refused)
	}
	if u := UserOf(e, LoginRequest{Username: "browser"}, alice); u.Provider != "saml-1" || u.Key != "alice@example.test" {
		t.Errorf("the user is %+v", u)
	}
	connection := Connection{ID: "c", Status: ConnectionActive}
	session := Session{Endpoint: e.ID, Connection: "c", StartedAt: now, EndsAt: now.Add(time.Hour)}
	if session.Rejoin(connection, e, LoginRequest{Continues: "c"}, now) {
		t.Error("a client without a token continues the connection of a user who signed in in the browser")
	}
	e.ClientCA, e.SAML = "cert-ca", ""
	if !session.Rejoin(connection, e, LoginRequest{Continues: "c"}, now) {
		t.Error("a client with a certificate does not continue its connection")
	}
}

func TestSignInWarning(t *testing.T) {
	t.Parallel()
	e := newEndpoint(t)
	if w := e.SignInWarning(""); w != "" {
		t.Errorf("without a SAML provider: %s", w)
	}
	e.SAML = "saml-1"
	for url, want := range map[string]string{
		"": "not served", "https://localhost:8444": "this host alone", "https://127.0.0.1:8444": "this host alone", "https://vpn.example.com": "",
	} {
		if w := e.SignInWarning(url); want == "" && w != "" || !strings.Contains(w, want) {
			t.Errorf("%q: %q", url, w)
		}
	}
	e.Listen.Addr = netip.MustParseAddr("127.0.0.1")
	if w := e.SignInWarning("https://localhost:8444"); w != "" {
		t.Errorf("an endpoint for this host: %s", w)
	}
}

// An endpoint without client certificates gets none with another server certificate.
func TestEditKeepsAuthentication(t *testing.T) {
	t.Parallel()
	e := newEndpoint(t)
	e.ClientCA, e.Directory = "", "d-1"
	if _, err := e.Edit(EndpointEdit{Version: 1, Certificate: "cert-2", ClientOptions: DefaultOptions()}); err != nil || e.ClientCA != "" || e.Directory != "d-1" {
		t.Errorf("authority %q, directory %q, %v", e.ClientCA, e.Directory, err)
	}
}

func TestDirectoryInUse(t *testing.T) {
	t.Parallel()
	d := Directory{ID: "d-1", Name: "Staff"}
	if err := d.InUse(nil); err != nil {
		t.Error(err)
	}
	one := EndpointRef{ID: "cvpn-endpoint-1", Name: "main"}
	for n, want := range map[int]string{
		1: "Users of endpoint main sign in at directory Staff (d-1). An endpoint keeps its directory: delete the directory after them.",
		7: "Users of endpoints main, main, main, main, main and 2 more sign in at directory Staff (d-1). An endpoint keeps its directory: delete the directory after them.",
	} {
		var used []EndpointRef
		for range n {
			used = append(used, one)
		}
		if err := d.InUse(used); KindOf(err) != Conflict || err.Error() != want {
			t.Errorf("%d: got %v", n, err)
		}
	}
}
