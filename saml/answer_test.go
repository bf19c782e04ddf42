package saml_test

import (
	"encoding/base64"
	"slices"
	"testing"
	"time"

	"sallyport/saml/samltest"
	"sallyport/vpn"
)

func base64Of(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

func TestAGoodAnswerNamesItsUser(t *testing.T) {
	t.Parallel()
	for name, sign := range map[string]samltest.Signing{"assertion": samltest.SignAssertion, "response": samltest.SignResponse, "both": samltest.SignBoth} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := good()
			a.Sign = sign
			got, err := accept(t, a)
			if err != nil {
				t.Fatal(err)
			}
			groups := vpn.IDsOf(got.User.Groups, func(g vpn.Group) string { return g.ID })
			if got.User.Key != a.NameID || got.User.Name != a.NameID || got.User.Mail != a.NameID || !slices.Equal(groups, a.Groups) || got.User.More {
				t.Errorf("%+v", got.User)
			}
			if got.AssertionID == "" || !got.NotOnOrAfter.After(got.Seen.ReceivedAt) {
				t.Errorf("assertion %q until %s", got.AssertionID, got.NotOnOrAfter)
			}
			for _, c := range got.Seen.Compared {
				if !c.Match {
					t.Errorf("%+v", c)
				}
			}
		})
	}
}

// Where the IdP says when a session ends, the answer says it too.
func TestTheEndOfASession(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]bool{"": false, stamp(20 * time.Minute): true} {
		a := good()
		set("//AuthnStatement", "SessionNotOnOrAfter", value)(t, &a)
		got, err := accept(t, a)
		if err != nil || want != (!got.SessionEnds.IsZero() && time.Until(got.SessionEnds) < 21*time.Minute) {
			t.Errorf("%q: %s, %v", value, got.SessionEnds, err)
		}
	}
}

func TestARequestIsAnswered(t *testing.T) {
	t.Parallel()
	id, to, err := sp(t).Request("relay-1")
	if err != nil {
		t.Fatal(err)
	}
	r, err := samltest.ReadRequest(to)
	if err != nil || r.ID != id || r.ACSURL != acsURL || r.Issuer != entityID || r.RelayState != "relay-1" {
		t.Fatalf("%+v, %v", r, err)
	}
	if _, err := sp(t).Accept(idp(t).Form(r.Answer("alice@example.test")), vpn.SAMLExpect{RequestID: id}); err != nil {
		t.Error(err)
	}
}
