package control_test

import (
	"testing"
	"time"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// While nothing can be stored whoever is signed in sees every page, and on each that it is so and
// since when; what is worse is told first.
func TestPagesOnAFullDisk(t *testing.T) {
	t.Parallel()
	h := staffed(t)
	token := h.signedIn("boss")
	full := h.service(h.fullDisk())
	h.clock.pass(limits.Idle / 2) // long enough for the visit to be written down
	if _, _, err := full.Authenticate(t.Context(), token, true); err != nil {
		t.Errorf("a session on a full disk: %v", err)
	}
	since := h.clock.now()
	h.clock.pass(time.Minute)
	_, err := full.SignIn(t.Context(), control.SignInRequest{Username: "boss", Password: password, Source: "192.0.2.9"})
	h.wantKind("signing in on a full disk", err, vpn.Unavailable, "Nothing was saved")

	node, err := full.Node(t.Context(), h.boss)
	if err != nil || node.Sentence == "" || !node.Since.Equal(since) || len(node.Status.Faults) != 1 || node.Status.Faults[0].Sentence != node.Sentence {
		t.Errorf("got %+v, %v", node, err)
	}
	fault := node.Status.Faults[0]
	h.dataplane.down = errDown
	h.clock.pass(time.Minute)
	if node, err = full.Node(t.Context(), h.boss); err != nil || node.Sentence == fault.Sentence || node.Reachable {
		t.Errorf("without a dataplane: %+v, %v", node, err)
	}
}

// fullDisk opens the database once more, so that it cannot grow: whatever is written to a session
// needs room that there is not.
func (h *house) fullDisk() *store.Store {
	h.t.Helper()
	for _, statement := range []string{
		"CREATE TABLE ballast (bytes BLOB)",
		"CREATE TRIGGER session_touched AFTER UPDATE ON session BEGIN INSERT INTO ballast VALUES (zeroblob(1000000)); END",
		"CREATE TRIGGER session_created AFTER INSERT ON session BEGIN INSERT INTO ballast VALUES (zeroblob(1000000)); END",
	} {
		h.exec(statement)
	}
	s, err := store.Open(h.t.Context(), h.path, store.Options{Now: h.clock.now, MaxPages: 1}) // none beyond those there are
	h.must(err)
	h.t.Cleanup(func() { _ = s.Close() })
	return s
}
