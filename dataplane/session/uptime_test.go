package session

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Sessions end by the time since the host started, which is the kernel's own and no program can set.
func TestUptimeIsTheHosts(t *testing.T) {
	t.Parallel()
	before := Uptime()
	text, err := os.ReadFile("/proc/uptime")
	if err != nil {
		t.Fatal(err)
	}
	seconds, err := strconv.ParseFloat(strings.Fields(string(text))[0], 64)
	if err != nil {
		t.Fatal(err)
	}
	host, after := time.Duration(seconds*float64(time.Second)), Uptime()
	if host < before-time.Second || host > after+time.Second {
		t.Errorf("uptime is %s, the host says %s", before, host)
	}
	if after < before {
		t.Errorf("it went from %s back to %s", before, after)
	}
}
