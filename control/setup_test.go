package control_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"sallyport/control"
	"sallyport/vpn"
)

func setupRequest(token string) control.SetupRequest {
	return control.SetupRequest{Token: token, Username: "First", Password: password, Again: password, Source: "192.0.2.1"}
}

// The link makes one administrator, who is signed in; then there are no more links.
func TestSetup(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	if needed, err := h.SetupNeeded(ctx); err != nil || !needed {
		t.Fatalf("needed: %v, %v", needed, err)
	}
	token, expires, err := h.NewSetupLink(ctx)
	h.must(err)
	if !expires.Equal(h.clock.now().Add(time.Hour)) || strings.Contains(h.rows(), token) {
		t.Errorf("expires %s, or the token is stored", expires)
	}
	before := h.rows()
	for _, forged := range []string{"", "x", token + "x"} {
		_, err := h.CompleteSetup(ctx, setupRequest(forged))
		h.wantKind("forged", err, vpn.Denied, "set-up link was used or is too old")
	}
	bad := setupRequest(token)
	bad.Password = "short"
	if _, err := h.CompleteSetup(ctx, bad); vpn.FieldsOf(err)["password"] == "" {
		t.Errorf("short password: %v", err)
	}
	if h.rows() != before {
		t.Error("refusals changed something")
	}
	in, err := h.CompleteSetup(ctx, setupRequest(token))
	h.must(err)
	if in.Administrator.Username != "first" || in.Administrator.Role != vpn.RoleAdministrator {
		t.Errorf("got %+v", in.Administrator)
	}
	h.wantSession("signed in", in.Token, true)
	_, err = h.CompleteSetup(ctx, setupRequest(token))
	h.wantKind("again", err, vpn.Denied, "used")
	_, _, err = h.NewSetupLink(ctx)
	h.wantKind("a link with an administrator there", err, vpn.Conflict, "reset-password")
	if needed, err := h.SetupNeeded(ctx); err != nil || needed {
		t.Errorf("needed: %v, %v", needed, err)
	}
	var actions []string
	for _, r := range h.audit() {
		actions = append(actions, string(r.Action))
	}
	if got := strings.Join(actions, " "); got != "CreateSetupLink CompleteSetup SignIn" {
		t.Errorf("audit: %s", got)
	}
}

// A link is good for 60 minutes, and until the next one.
func TestSetupLinkLife(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	first, _, err := h.NewSetupLink(ctx)
	h.must(err)
	second, _, err := h.NewSetupLink(ctx)
	h.must(err)
	for token, want := range map[string]bool{first: false, second: true, "": false} {
		if got, err := h.SetupLinkValid(ctx, token); err != nil || got != want {
			t.Errorf("%q: got %v, %v", token, got, err)
		}
	}
	_, err = h.CompleteSetup(ctx, setupRequest(first))
	h.wantKind("replaced", err, vpn.Denied, "used or is too old")
	h.clock.pass(time.Hour - time.Second)
	if valid, err := h.SetupLinkValid(ctx, second); err != nil || !valid {
		t.Errorf("after 59:59: %v, %v", valid, err)
	}
	h.clock.pass(time.Second)
	_, err = h.CompleteSetup(ctx, setupRequest(second))
	h.wantKind("after 60 minutes", err, vpn.Denied, "too old")
}

// Two browsers with one link: one of them is the administrator.
func TestSetupAtOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	token, _, err := h.NewSetupLink(t.Context())
	h.must(err)
	var wg sync.WaitGroup
	results := make(chan error, 3)
	for _, name := range []string{"one", "two", "three"} {
		wg.Go(func() {
			in := setupRequest(token)
			in.Username = name
			_, err := h.CompleteSetup(t.Context(), in)
			results <- err
		})
	}
	wg.Wait()
	close(results)
	made := 0
	for err := range results {
		if err == nil {
			made++
		} else {
			h.wantKind("late", err, vpn.Denied, "used")
		}
	}
	if accounts := h.query("SELECT username FROM administrator"); made != 1 || len(accounts) != 1 {
		t.Errorf("%d succeeded, accounts %v", made, accounts)
	}
}
