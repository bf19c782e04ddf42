package store

import (
	"context"
	"fmt"
	"testing"
	"time"

	"sallyport/vpn"
	"sallyport/vpn/vpntest"
)

func testBrowserSignIn(t *testing.T, s *Store) {
	f := stored(t, s)
	v := vpntest.Filled[vpn.BrowserSignIn]()
	v.ID, v.Login.Endpoint, v.Login.Password, v.Login.Answer, v.Login.IssuerKey, v.Login.IssuerID, v.Login.Outdated, v.Login.Above = "sign-in-1", f.endpoint.ID, "", "", "", "", false, nil
	v.State, v.ExpiresAt = vpn.BrowserWaiting, at.Add(time.Minute)
	waiting := v
	waiting.User, waiting.Version, waiting.Request, waiting.Browser = vpn.ProviderUser{}, 0, "", ""
	update(t, s, func(ctx context.Context, x *Tx) error { return x.CreateBrowserSignIn(ctx, waiting) })
	same := func(what string, want vpn.BrowserSignIn) {
		t.Helper()
		view(t, s, func(ctx context.Context, x *Tx) error {
			same(t, what, must[vpn.BrowserSignIn](t)(x.BrowserSignIn(ctx, v.ID)), want)
			same(t, what+", by token", must[vpn.BrowserSignIn](t)(x.BrowserSignInByToken(ctx, v.Token)), want)
			same(t, what+", by login", must[vpn.BrowserSignIn](t)(x.BrowserSignInOfLogin(ctx, v.Node, v.Login.ID)), want)
			return nil
		})
	}
	decided := func(what string, node string, now time.Time, want int) {
		t.Helper()
		view(t, s, func(ctx context.Context, x *Tx) error {
			if got := must[[]string](t)(x.DecidedBrowserSignIns(ctx, node, now)); len(got) != want || want > 0 && got[0] != v.Login.ID {
				t.Errorf("%s: %v, want %d", what, got, want)
			}
			return nil
		})
	}
	same("created", waiting)
	decided("waiting", v.Node, at, 0)
	again := waiting
	again.ID, again.Token = "sign-in-2", "another"
	if err := attempt(t, s, func(ctx context.Context, x *Tx) error { return x.CreateBrowserSignIn(ctx, again) }); vpn.KindOf(err) != vpn.Conflict {
		t.Errorf("a second one of the login: %v", err)
	}
	v.State, v.Told = vpn.BrowserConfirmed, false
	update(t, s, func(ctx context.Context, x *Tx) error { return x.SaveBrowserSignIn(ctx, v) })
	same("saved", v)
	decided("confirmed", v.Node, at, 1)
	decided("at another node", "other", at, 0)
	decided("expired", v.Node, at.Add(time.Minute), 0)
	v.Told = true
	update(t, s, func(ctx context.Context, x *Tx) error { return x.SaveBrowserSignIn(ctx, v) })
	same("told", v)
	decided("told", v.Node, at, 0)
	update(t, s, func(ctx context.Context, x *Tx) error {
		if n := must[int](t)(x.PurgeBrowserSignIns(ctx, v.ExpiresAt, 10)); n != 0 {
			t.Errorf("%d purged too early", n)
		}
		if n := must[int](t)(x.PurgeBrowserSignIns(ctx, v.ExpiresAt.Add(time.Second), 10)); n != 1 {
			t.Errorf("%d purged, want 1", n)
		}
		return nil
	})
	view(t, s, func(ctx context.Context, x *Tx) error {
		if _, err := x.BrowserSignInByToken(ctx, v.Token); vpn.CodeOf(err) != vpn.CodeBrowserLinkInvalid {
			t.Errorf("purged: %v", err)
		}
		return nil
	})
}

func testSAMLRequest(t *testing.T, s *Store) {
	r := vpntest.Filled[vpn.SAMLRequest]()
	r.Relay = vpn.TokenDigest("relay")
	open := r
	open.UsedAt, open.Result = time.Time{}, ""
	update(t, s, func(ctx context.Context, x *Tx) error { return x.CreateSAMLRequest(ctx, open) })
	view(t, s, func(ctx context.Context, x *Tx) error {
		same(t, "created", must[vpn.SAMLRequest](t)(x.SAMLRequestByRelay(ctx, "relay")), open)
		return nil
	})
	update(t, s, func(ctx context.Context, x *Tx) error { return x.SaveSAMLRequest(ctx, r) })
	view(t, s, func(ctx context.Context, x *Tx) error {
		same(t, "saved", must[vpn.SAMLRequest](t)(x.SAMLRequest(ctx, r.ID)), r)
		same(t, "of its subject", must[[]vpn.SAMLRequest](t)(x.SAMLRequestsOf(ctx, r.Subject)), []vpn.SAMLRequest{r})
		if _, err := x.SAMLRequestByRelay(ctx, "other"); vpn.CodeOf(err) != vpn.CodeSAMLRequestUnknown {
			t.Errorf("another RelayState: %v", err)
		}
		return nil
	})
	update(t, s, func(ctx context.Context, x *Tx) error {
		for i, browser := range []string{"a", "b", "a", "c"} {
			w := open
			w.ID, w.Relay, w.Browser, w.CreatedAt = fmt.Sprint("w", i), fmt.Sprint("w", i), browser, r.CreatedAt.Add(time.Duration(i)*time.Second)
			if browser == "c" {
				w.Subject = "another"
			}
			if err := x.CreateSAMLRequest(ctx, w); err != nil {
				return err
			}
		}
		waiting := func(what string, wantAll, wantOf int, gone string) {
			t.Helper()
			all, of, err := x.WaitingSAMLRequests(ctx, r.Purpose, r.Subject)
			if err != nil || all != wantAll || of != wantOf {
				t.Errorf("%s: %d, %d, %v", what, all, of, err)
			}
			if _, err := x.SAMLRequest(ctx, gone); vpn.KindOf(err) != vpn.NotFound {
				t.Errorf("%s: %s is there: %v", what, gone, err)
			}
		}
		waiting("created", 4, 3, "-")
		if err := x.DropSAMLRequestOf(ctx, r.Subject, "b"); err != nil {
			return err
		}
		waiting("of the browser", 3, 2, "w1")
		if err := x.DropSAMLRequestOf(ctx, r.Subject, "none"); err != nil {
			return err
		}
		waiting("of the subject", 2, 1, "w0")
		if err := x.DropSAMLRequest(ctx, r.Purpose); err != nil {
			return err
		}
		waiting("of all", 1, 0, "w2")
		same(t, "purged without a result", must[int](t)(x.PurgeSAMLRequestsWithoutResult(ctx, r.CreatedAt.Add(3*time.Second), 10)), 0)
		same(t, "purged without a result", must[int](t)(x.PurgeSAMLRequestsWithoutResult(ctx, r.CreatedAt.Add(time.Minute), 10)), 1)
		return nil
	})
	update(t, s, func(ctx context.Context, x *Tx) error {
		same(t, "purged", must[int](t)(x.PurgeSAMLRequests(ctx, r.CreatedAt, 10)), 0)
		same(t, "purged", must[int](t)(x.PurgeSAMLRequests(ctx, r.CreatedAt.Add(time.Second), 10)), 1)
		for i, c := range []struct {
			provider vpn.SAMLProviderID
			id       string
			fresh    bool
		}{{"saml-1", "_a", true}, {"saml-1", "_a", false}, {"saml-1", "_b", true}, {"saml-2", "_a", true}} {
			if fresh := must[bool](t)(x.UseSAMLAssertion(ctx, c.provider, c.id, at)); fresh != c.fresh {
				t.Errorf("assertion %d: fresh is %v", i, fresh)
			}
		}
		same(t, "purged assertions", must[int](t)(x.PurgeSAMLAssertions(ctx, at.Add(time.Second), 10)), 3)
		return nil
	})
}
