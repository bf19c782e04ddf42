package web_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"sallyport/store"
	"sallyport/vpn"
	"sallyport/web/webtest"
)

// bodyAfter is a request body that calls first before its first byte is sent.
type bodyAfter struct {
	io.Reader
	once  sync.Once
	first func()
}

func (b *bodyAfter) Read(p []byte) (int, error) {
	b.once.Do(b.first)
	return b.Reader.Read(p)
}

// A request whose body is still on its way when its account is disabled changes nothing. The browser
// sends the body only after the server's "100 Continue", which it sends when the handler reads it: by
// then the session was checked.
func TestRequestThatIsOpenWhileItsAccountIsDisabled(t *testing.T) {
	t.Parallel()
	s := webtest.NewWithAccounts(t)
	b := s.SignIn(t, webtest.Administrator)
	transport, ok := b.Client.Transport.(*http.Transport)
	if !ok {
		t.Fatalf("the browser's transport is a %T", b.Client.Transport)
	}
	transport.ExpectContinueTimeout = time.Minute
	body := &bodyAfter{
		Reader: strings.NewReader(url.Values{"name": {"late"}, "cidrs": {"10.66.0.0/16"}}.Encode()),
		first: func() {
			s.Update(t, func(tx *store.Tx) error {
				a, err := tx.AdministratorByUsername(t.Context(), webtest.Administrator)
				if err != nil {
					return err
				}
				a.Disabled = true
				return tx.SaveAdministrator(t.Context(), a)
			})
		},
	}
	p := b.Send(http.MethodPost, "/networks/new", body, http.Header{
		"Content-Type": {"application/x-www-form-urlencoded"}, "Sec-Fetch-Site": {"same-origin"}, "Expect": {"100-continue"},
	})
	p.WantStatus(http.StatusForbidden).WantText("main", "your account was disabled")
	s.Update(t, func(tx *store.Tx) error {
		page, err := tx.Networks(t.Context(), vpn.List{})
		if page.Total != 0 {
			t.Errorf("there are %d networks, want none", page.Total)
		}
		return err
	})
}
