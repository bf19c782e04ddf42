package access_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"sallyport/control/access"
	"sallyport/control/controltest"
	"sallyport/vpn"
)

func setupRequest(token string) access.SetupRequest {
	return access.SetupRequest{Token: token, Username: "First", Password: controltest.Password, Again: controltest.Password, Source: "192.0.2.1"}
}

// The link makes one administrator, who is signed in; afterwards there are no links.
func TestSetup(t *testing.T) {
	t.Parallel()
	h := newEmptyKit(t)
	ctx := t.Context()
	if needed, err := h.Access.SetupNeeded(ctx); err != nil || !needed {
		t.Fatalf("needed: %v, %v", needed, err)
	}
	token, expires, err := h.Access.NewSetupLink(ctx)
	h.Must(err)
	if !expires.Equal(h.Clock.Now().Add(time.Hour)) || strings.Contains(h.Rows(), token) {
		t.Errorf("expires %s, or the token is stored", expires)
	}
	before := h.Rows()
	for _, forged := range []string{"", "x", token + "x"} {
		_, err := h.Access.CompleteSetup(ctx, setupRequest(forged))
		h.WantKind("forged", err, vpn.Denied, "set-up link was used or is too old")
	}
	bad := setupRequest(token)
	bad.Password = "short"
	if _, err := h.Access.CompleteSetup(ctx, bad); vpn.FieldsOf(err)["password"] == "" {
		t.Errorf("short password: %v", err)
	}
	if h.Rows() != before {
		t.Error("refusals changed something")
	}
	in, err := h.Access.CompleteSetup(ctx, setupRequest(token))
	h.Must(err)
	if in.Administrator.Username != "first" || in.Administrator.Role != vpn.RoleAdministrator {
		t.Errorf("got %+v", in.Administrator)
	}
	h.WantSession("signed in", in.Token, true)
	_, err = h.Access.CompleteSetup(ctx, setupRequest(token))
	h.WantKind("again", err, vpn.Denied, "used")
	_, _, err = h.Access.NewSetupLink(ctx)
	h.WantKind("a link with an administrator there", err, vpn.Conflict, "reset-password")
	if needed, err := h.Access.SetupNeeded(ctx); err != nil || needed {
		t.Errorf("needed: %v, %v", needed, err)
	}
	var actions []string
	for _, r := range h.Audit() {
		actions = append(actions, string(r.Action))
	}
	if got := strings.Join(actions, " "); got != "CreateSetupLink CompleteSetup SignIn" {
		t.Errorf("audit: %s", got)
	}
}

// A link can be used for 60 minutes, until a newer link exists.
func TestSetupLinkLife(t *testing.T) {
	t.Parallel()
	h := newEmptyKit(t)
	ctx := t.Context()
	first, _, err := h.Access.NewSetupLink(ctx)
	h.Must(err)
	second, _, err := h.Access.NewSetupLink(ctx)
	h.Must(err)
	for token, want := range map[string]bool{first: false, second: true, "": false} {
		if got, err := h.Access.SetupLinkValid(ctx, token); err != nil || got != want {
			t.Errorf("%q: got %v, %v", token, got, err)
		}
	}
	_, err = h.Access.CompleteSetup(ctx, setupRequest(first))
	h.WantKind("replaced", err, vpn.Denied, "used or is too old")
	h.Clock.Pass(time.Hour - time.Second)
	if valid, err := h.Access.SetupLinkValid(ctx, second); err != nil || !valid {
		t.Errorf("after 59:59: %v, %v", valid, err)
	}
	h.Clock.Pass(time.Second)
	_, err = h.Access.CompleteSetup(ctx, setupRequest(second))
	h.WantKind("after 60 minutes", err, vpn.Denied, "too old")
}

// Of two browsers with one link, one makes the administrator.
func TestSetupAtOnce(t *testing.T) {
	t.Parallel()
	h := newEmptyKit(t)
	token, _, err := h.Access.NewSetupLink(t.Context())
	h.Must(err)
	var wg sync.WaitGroup
	results := make(chan error, 3)
	for _, name := range []string{"one", "two", "three"} {
		wg.Go(func() {
			in := setupRequest(token)
			in.Username = name
			_, err := h.Access.CompleteSetup(t.Context(), in)
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
			h.WantKind("late", err, vpn.Denied, "used")
		}
	}
	if accounts := h.Query("SELECT username FROM administrator"); made != 1 || len(accounts) != 1 {
		t.Errorf("%d succeeded, accounts %v", made, accounts)
	}
}
