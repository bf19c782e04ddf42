package dataplane

import (
	"strings"
	"testing"
)

func TestTrackingFault(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		held, most int
		fault      bool
	}{{0, 0, false}, {0, 1000, false}, {899, 1000, false}, {900, 1000, true}, {1000, 1000, true}, {262144, 262144, true}} {
		if got := trackingFault(c.held, c.most); (got != "") != c.fault || c.fault && !strings.Contains(got, "nf_conntrack_max") {
			t.Errorf("%d of %d: %q", c.held, c.most, got)
		}
	}
}
