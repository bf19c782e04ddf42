package host

import (
	"testing"

	"github.com/vishvananda/netlink"
)

func TestInterruptedDumpsAreRepeated(t *testing.T) {
	t.Parallel()
	calls := 0
	got, err := repeatDump(func() ([]int, error) {
		if calls++; calls < dumpAttempts {
			return nil, netlink.ErrDumpInterrupted
		}
		return []int{7}, nil
	})
	if err != nil || len(got) != 1 || calls != dumpAttempts {
		t.Errorf("got %v, %v after %d calls", got, err, calls)
	}
}
