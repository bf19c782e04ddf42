package control_test

import (
	"testing"
	"time"

	"sallyport/control/access"
	"sallyport/control/controltest"
	"sallyport/vpn"
)

// While nothing can be stored, signed-in accounts see every page, each with the fault and its start; a
// dataplane that does not answer is shown first.
func TestPagesOnAFullDisk(t *testing.T) {
	t.Parallel()
	h := newKit(t)
	token := h.SignedIn("admin")
	full := h.NewServices(controltest.Options{Store: h.FullDisk()})
	h.Clock.Pass(controltest.Limits.Idle / 2) // long enough for the request to be stored
	if _, _, err := full.Access.Authenticate(t.Context(), token, true); err != nil {
		t.Errorf("a session on a full disk: %v", err)
	}
	since := h.Clock.Now()
	h.Clock.Pass(time.Minute)
	_, err := full.Access.SignIn(t.Context(), access.SignInRequest{Username: "admin", Password: controltest.Password, Source: "192.0.2.9"})
	h.WantKind("signing in on a full disk", err, vpn.Unavailable, "Nothing was saved")

	node, err := full.Nodes.Node(t.Context(), h.Admin)
	if err != nil || node.Message == "" || !node.Since.Equal(since) || len(node.Status.Faults) != 1 || node.Status.Faults[0].Message != node.Message {
		t.Errorf("got %+v, %v", node, err)
	}
	fault := node.Status.Faults[0]
	h.Dataplane.Down = controltest.ErrDown
	h.Clock.Pass(time.Minute)
	if node, err = full.Nodes.Node(t.Context(), h.Admin); err != nil || node.Message == fault.Message || node.Reachable {
		t.Errorf("without a dataplane: %+v, %v", node, err)
	}
}
