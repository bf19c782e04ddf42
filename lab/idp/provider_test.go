package idp

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"sallyport/lab/netlab"
)

func TestMain(m *testing.M) { netlab.Main(m, netlab.Sandbox{}) }

// request is a SAML request of a service, for the HTTP-Redirect binding.
func request(t *testing.T, entity, acs, destination string) string {
	t.Helper()
	var packed bytes.Buffer
	w, _ := flate.NewWriter(&packed, flate.DefaultCompression)
	_, _ = w.Write([]byte(`<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_r1" Version="2.0" IssueInstant="` +
		time.Now().UTC().Format(time.RFC3339) + `" Destination="` + destination + `" AssertionConsumerServiceURL="` + acs + `"><saml:Issuer>` + entity + `</saml:Issuer></samlp:AuthnRequest>`))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return destination + "?" + url.Values{"SAMLRequest": {base64.StdEncoding.EncodeToString(packed.Bytes())}, "RelayState": {"state-1"}}.Encode()
}

// A person signs in at the identity provider, which answers the service that it trusts: signed twice, with the NameID and the
// groups of the person. A wrong password gives no answer.
func TestSignIn(t *testing.T) {
	t.Parallel()
	netlab.NeedSandbox(t)
	for format, c := range map[string]Options{
		EmailAddress: {},
		Persistent:   {NameIDFormat: Persistent, GroupAttribute: "groups", Users: []User{{Name: "alice", NameID: "id-of-alice", Groups: []string{"engineers", "it's"}}}},
	} {
		var answer url.Values
		service := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			_ = r.ParseForm()
			answer = r.PostForm
		}))
		t.Cleanup(service.Close)
		p := Start(t, netlab.Here(), map[string]string{EmailAddress: "127.0.0.1:18443", Persistent: "127.0.0.2:18443"}[format], c)
		p.Trust(t, map[string]string{"https://service.test/metadata": service.URL + "/acs"})
		form := NewPerson(netlab.Here()).Open(t, request(t, "https://service.test/metadata", service.URL+"/acs", p.Base+"saml2/idp/SSOService.php"))
		if again := form.SignIn(t, "alice", "wrong"); again.Doc.Find("[name=SAMLResponse]").Length() != 0 {
			t.Fatal("a wrong password is answered")
		}
		form.SignIn(t, "alice", Password).Answer(t)
		document, err := base64.StdEncoding.DecodeString(answer.Get("SAMLResponse"))
		if err != nil || answer.Get("RelayState") != "state-1" {
			t.Fatalf("the answer is %v", answer)
		}
		text := string(document)
		want := []string{`InResponseTo="_r1"`, `Format="` + format + `"`, ">engineers<"}
		if format == EmailAddress {
			want = append(want, ">alice@example.test<", `Name="memberOf"`, ">staff<")
		} else {
			want = append(want, ">id-of-alice<", `Name="groups"`)
		}
		for _, w := range want {
			if !strings.Contains(text, w) {
				t.Errorf("%s is not in the answer", w)
			}
		}
		if n := strings.Count(text, "<ds:SignatureValue>"); n != 2 {
			t.Errorf("%d signatures, want 2", n)
		}
		if t.Failed() {
			t.Log(text)
		}
	}
}
