package dataplane

import "testing"

// When the process hands over to the next one, own ends first. A reconciler that still runs must not
// take the empty state for an endpoint without a target network, and remove everything.
func TestReconcileAfterTheEndRemovesNothing(t *testing.T) {
	f := newFixture(t, "cvpn-endpoint-3333333333333333b", "10.35.0.0/22")
	f.ep.cancel()
	<-f.ep.ended
	f.ep.reconcile(t.Context())
	if _, _, ok := f.filter.of(f.ep.id); !ok {
		t.Error("the rules were removed")
	}
}
