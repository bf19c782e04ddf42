package access_test

import (
	"testing"

	"sallyport/control/access"
	"sallyport/vpn"
)

// Messages are shown once, in order.
func TestFlash(t *testing.T) {
	t.Parallel()
	h := newKit(t)
	ctx, token := t.Context(), h.SignedIn("admin")
	h.Must(h.Access.Flash(ctx, token, access.FlashMessage{Kind: "success", Text: "One <b>."}))
	h.Must(h.Access.Flash(ctx, token, access.FlashMessage{Kind: "danger", Text: "Two."}))
	got, err := h.Access.TakeFlashes(ctx, token)
	if err != nil || len(got) != 2 || got[0].Text != "One <b>." || got[1].Kind != "danger" {
		t.Errorf("got %v, %v", got, err)
	}
	if got, err := h.Access.TakeFlashes(ctx, token); err != nil || len(got) != 0 {
		t.Errorf("again: %v, %v", got, err)
	}
	h.WantKind("no session", h.Access.Flash(ctx, "x", access.FlashMessage{}), vpn.NotFound, "ended")
}
