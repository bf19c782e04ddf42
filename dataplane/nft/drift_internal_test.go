package nft

import (
	"reflect"
	"testing"

	"github.com/google/nftables"
)

// TestDriftSeesEveryFieldOfAnElement changes each field that the library reads of a set's element.
func TestDriftSeesEveryFieldOfAnElement(t *testing.T) {
	t.Parallel()
	base := nftables.SetElement{Key: []byte{1}, Val: []byte{1}, KeyEnd: []byte{1}}
	changes := map[string]func(*nftables.SetElement){
		"Key":         func(e *nftables.SetElement) { e.Key = []byte{2} },
		"Val":         func(e *nftables.SetElement) { e.Val = []byte{2} },
		"KeyEnd":      func(e *nftables.SetElement) { e.KeyEnd = []byte{2} },
		"IntervalEnd": func(e *nftables.SetElement) { e.IntervalEnd = true },
	}
	ignored := map[string]string{
		"VerdictData": "for writing only; what is read of a verdict is in Val",
		"Timeout":     "the kernel takes none: no set of ours has the flag timeout, and a set that rules use cannot be replaced without them",
		"Expires":     "as Timeout",
		"Counter":     "only sets of sessions count",
		"Comment":     "no packet is matched by it",
	}
	compareFields(t, base, changes, ignored, func(e nftables.SetElement) string { return string(elementText(e)) })
}

// TestDriftSeesEveryFieldOfAChain does the same for a chain.
func TestDriftSeesEveryFieldOfAChain(t *testing.T) {
	t.Parallel()
	drop := nftables.ChainPolicyDrop
	base := nftables.Chain{Name: "input", Hooknum: nftables.ChainHookInput, Priority: nftables.ChainPriorityFilter, Type: nftables.ChainTypeFilter}
	changes := map[string]func(*nftables.Chain){
		"Name":     func(c *nftables.Chain) { c.Name = "output" },
		"Hooknum":  func(c *nftables.Chain) { c.Hooknum = nftables.ChainHookOutput },
		"Priority": func(c *nftables.Chain) { c.Priority = nftables.ChainPriorityMangle },
		"Type":     func(c *nftables.Chain) { c.Type = nftables.ChainTypeNAT },
		"Policy":   func(c *nftables.Chain) { c.Policy = &drop },
		"Device":   func(c *nftables.Chain) { c.Device = "eth0" },
	}
	ignored := map[string]string{"Table": "only chains of our table are compared"}
	compareFields(t, base, changes, ignored, func(c nftables.Chain) string { return chainText(&c) })
}

// compareFields fails where a field of T is neither changed nor ignored, or where a change of it
// does not show in the text.
func compareFields[T any](t *testing.T, base T, changes map[string]func(*T), ignored map[string]string, text func(T) string) {
	t.Helper()
	for i := range reflect.TypeFor[T]().NumField() {
		field := reflect.TypeFor[T]().Field(i).Name
		change, known := changes[field]
		switch _, ignore := ignored[field]; {
		case ignore:
		case !known:
			t.Errorf("%s is neither compared nor ignored with a reason", field)
		default:
			changed := base
			change(&changed)
			if text(changed) == text(base) {
				t.Errorf("%s changed: the text is the same %q", field, text(base))
			}
		}
	}
}
