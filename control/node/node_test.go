package node_test

import (
	"testing"
	"time"

	"sallyport/control/controltest"
	"sallyport/vpn"
)

// The node shows the first fault of the dataplane, and since when the dataplane does not answer.
func TestNode(t *testing.T) {
	t.Parallel()
	k := controltest.NewWithAccounts(t)
	fault := vpn.Fault{Message: "There is no /dev/net/tun.", Since: k.Clock.Now()}
	k.Dataplane.Say(vpn.NodeStatus{Faults: []vpn.Fault{fault}}, nil)
	v, err := k.Nodes.Node(t.Context(), k.ReadOnly)
	if err != nil || !v.Reachable || v.Name != "node-1" || len(v.Zones) != 2 || v.Message != fault.Message || !v.Since.Equal(fault.Since) {
		t.Errorf("got %+v, %v", v, err)
	}
	k.Dataplane.Say(vpn.NodeStatus{}, controltest.ErrDown)
	k.Clock.Pass(time.Second) // the last answer is still used
	if v, _ = k.Nodes.Node(t.Context(), k.ReadOnly); !v.Reachable || k.Dataplane.StatusQuestions() != 1 {
		t.Errorf("asked %d times, got %+v", k.Dataplane.StatusQuestions(), v)
	}
	k.Clock.Pass(2 * time.Second)
	silent := k.Clock.Now()
	if v, _ = k.Nodes.Node(t.Context(), k.ReadOnly); v.Reachable || !v.Since.Equal(silent) || len(v.Status.Faults) != 1 {
		t.Errorf("without an answer: %+v", v)
	}
	k.Clock.Pass(time.Minute)
	if v, _ = k.Nodes.Node(t.Context(), k.ReadOnly); !v.Since.Equal(silent) {
		t.Errorf("silent since %s, want %s", v.Since, silent)
	}
}
