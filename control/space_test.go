package control_test

import (
	"context"
	"testing"
	"time"

	"sallyport/control"
	"sallyport/vpn"
)

// fullStore is a store that reads and has no room to write.
type fullStore struct {
	control.Store
	fault vpn.Fault
}

func (s fullStore) Update(context.Context, func(control.Tx) error) error {
	return vpn.Refuse(vpn.Unavailable, "InsufficientStorage", "Nothing was saved.")
}

func (s fullStore) Fault() (vpn.Fault, bool) { return s.fault, true }

// While nothing can be stored whoever is signed in sees every page, and on each that it is so and
// since when; what is worse is told first.
func TestPagesOnAFullDisk(t *testing.T) {
	t.Parallel()
	h := staffed(t)
	token := h.signedIn("boss")
	fault := vpn.Fault{Sentence: "The disk is full.", Since: h.clock.now()}
	full := h.service(fullStore{Store: h.db, fault: fault})
	h.clock.pass(limits.Idle / 2) // long enough for the visit to be written down
	if _, _, err := full.Authenticate(t.Context(), token, true); err != nil {
		t.Errorf("a session on a full disk: %v", err)
	}
	_, err := full.SignIn(t.Context(), control.SignInRequest{Username: "boss", Password: password, Source: "192.0.2.9"})
	h.wantKind("signing in on a full disk", err, vpn.Unavailable, "Nothing was saved.")

	node, err := full.Node(t.Context(), h.boss)
	if err != nil || node.Sentence != fault.Sentence || !node.Since.Equal(fault.Since) || len(node.Status.Faults) != 1 || node.Status.Faults[0] != fault {
		t.Errorf("got %+v, %v", node, err)
	}
	h.dataplane.down = errDown
	h.clock.pass(time.Minute)
	if node, err = full.Node(t.Context(), h.boss); err != nil || node.Sentence == fault.Sentence || node.Reachable {
		t.Errorf("without a dataplane: %+v, %v", node, err)
	}
}
