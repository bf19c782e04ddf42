package host

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// TrackedFlows returns how many flows the host's connection tracking holds, and how many it can
// hold. Without connection tracking both are 0.
func TrackedFlows() (held, most int, err error) {
	for name, value := range map[string]*int{"count": &held, "max": &most} {
		raw, err := os.ReadFile("/proc/sys/net/netfilter/nf_conntrack_" + name)
		if os.IsNotExist(err) {
			return 0, 0, nil
		}
		if err == nil {
			*value, err = strconv.Atoi(strings.TrimSpace(string(raw)))
		}
		if err != nil {
			return 0, 0, fmt.Errorf("connection tracking: %w", err)
		}
	}
	return held, most, nil
}
