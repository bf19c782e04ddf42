package access_test

import (
	"fmt"
	"testing"
	"time"

	"sallyport/control/controltest"
	"sallyport/vpn"
)

// Five attempts for an account from one address, twenty from an address; attempts from elsewhere never
// keep the administrator out. Unknown accounts get the same answers in the same time.
func TestThrottle(t *testing.T) {
	t.Parallel()
	h := newKit(t)
	const elsewhere = "203.0.113.9"
	for i := range 6 {
		_, known := h.signIn("admin", "wrong wrong wrong", elsewhere)
		_, unknown := h.signIn("unknown", "wrong wrong wrong", elsewhere)
		if known == nil || unknown == nil || known.Error() != unknown.Error() || vpn.KindOf(known) != vpn.KindOf(unknown) {
			t.Errorf("attempt %d: %v for a known account, %v for an unknown one", i, known, unknown)
		}
		if want := map[bool]vpn.Kind{true: vpn.Denied, false: vpn.Throttled}[i < 5]; vpn.KindOf(known) != want {
			t.Errorf("attempt %d: got %v, want %s", i, known, want)
		}
	}
	_, err := h.signIn("admin", controltest.Password, elsewhere)
	h.WantKind("even the right one", err, vpn.Throttled, "Wait 30 seconds")
	if _, err := h.signIn("admin", controltest.Password, "192.0.2.1"); err != nil {
		t.Errorf("the administrator is locked out from elsewhere: %v", err)
	}
	h.Clock.Pass(30 * time.Second)
	if _, err := h.signIn("admin", controltest.Password, elsewhere); err != nil {
		t.Errorf("after the wait: %v", err)
	}
	// A success returns the attempts.
	for i := range 4 {
		if _, err := h.signIn("admin", "wrong wrong wrong", elsewhere); vpn.KindOf(err) != vpn.Denied {
			t.Errorf("attempt %d after a success: %v", i, err)
		}
	}
}

// Many names from one address are throttled too.
func TestThrottleOfAnAddress(t *testing.T) {
	t.Parallel()
	h := newKit(t)
	for i := range 20 {
		name := fmt.Sprintf("reader%d", i)
		h.Account(name, vpn.RoleReadOnly) // existing accounts, whose check is quick here
		if _, err := h.signIn(name, "wrong wrong wrong", "203.0.113.9"); vpn.KindOf(err) != vpn.Denied {
			t.Fatalf("attempt %d: %v", i, err)
		}
	}
	_, err := h.signIn("admin", controltest.Password, "203.0.113.9")
	h.WantKind("the twenty-first", err, vpn.Throttled, "Wait 5 seconds")
}

// An address that invents any number of names stays throttled.
func TestThrottleIsNotFloodedAway(t *testing.T) {
	t.Parallel()
	h := newKit(t)
	const elsewhere = "203.0.113.9"
	for range 6 {
		_, _ = h.signIn("admin", "wrong wrong wrong", elsewhere)
	}
	for i := range 14 {
		name := fmt.Sprintf("reader%d", i)
		h.Account(name, vpn.RoleReadOnly) // existing accounts, whose check is quick here
		_, _ = h.signIn(name, "wrong wrong wrong", elsewhere)
	}
	for i := range 25000 { // more than the throttle keeps
		if _, err := h.signIn(fmt.Sprintf("name%d", i), "wrong wrong wrong", elsewhere); vpn.KindOf(err) != vpn.Throttled {
			t.Fatalf("attempt %d: %v", i, err)
		}
	}
	_, err := h.signIn("admin", controltest.Password, elsewhere)
	h.WantKind("after the flood", err, vpn.Throttled, "Wait")
}

// All addresses of one IPv6 network are one source; IPv4 addresses are one each.
func TestThrottleOfANetwork(t *testing.T) {
	t.Parallel()
	h := newKit(t)
	for i := range 5 {
		if _, err := h.signIn("admin", "wrong wrong wrong", fmt.Sprintf("2001:db8:1:2::%x", i)); vpn.KindOf(err) != vpn.Denied {
			t.Fatalf("attempt %d: %v", i, err)
		}
	}
	_, err := h.signIn("admin", controltest.Password, "2001:db8:1:2:ffff::1")
	h.WantKind("the same network", err, vpn.Throttled, "Wait")
	for _, other := range []string{"2001:db8:1:3::1", "::ffff:203.0.113.9", "203.0.113.10"} {
		if _, err := h.signIn("admin", controltest.Password, other); err != nil {
			t.Errorf("from %s: %v", other, err)
		}
	}
}
