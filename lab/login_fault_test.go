package lab

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"sallyport/lab/directory"
	"sallyport/lab/netlab"
)

// Where the directory is down a client is told to try again, and is in by itself when it is back. Where the directory, the
// console's process or the dataplane is lost in the middle of a login, the client is in once all are there again, and has one
// connection. A client with a patience of its own of 10 seconds waits longer, because it is asked to.
func TestLoginsSurviveFaults(t *testing.T) {
	t.Parallel()
	s := newPasswordSite(t, 5)
	alice := as(t, s.profile, "alice", directory.Password)
	impatient := alice + "\nhand-window 10\n"

	s.directory.Stop()
	down := netlab.StartClient(t, s.clients[0], alice)
	netlab.Eventually(t, 20*time.Second, "the client is told that the directory is down", func() bool {
		return strings.Contains(down.Log(), "AUTH_FAILED,TEMP[backoff") && strings.Contains(down.Log(), "DirectoryUnavailable")
	})
	s.WaitRow("/connections?view=refused", "alice", "DirectoryUnavailable")
	s.directory.Again(t)
	down.WaitUp(t, 1)

	s.directory.Freeze()
	waiting := netlab.StartClient(t, s.clients[1], impatient)
	netlab.Eventually(t, 20*time.Second, "the client is asked to wait longer than 10 seconds", func() bool {
		return strings.Contains(waiting.Log(), "AUTH_PENDING received, extending handshake timeout from 10s to ")
	})
	s.directory.Thaw()
	waiting.WaitUp(t, 1)
	if strings.Contains(waiting.Log(), "AUTH_FAILED") || strings.Contains(waiting.Log(), "SIGUSR1") {
		t.Error("the client had to try again")
	}

	for i, process := range []string{"web", "dataplane"} {
		s.directory.Freeze()
		c := netlab.StartClient(t, s.clients[2+i], alice)
		netlab.Eventually(t, 20*time.Second, "its login waits", func() bool { return strings.Contains(c.Log(), "AUTH_PENDING") })
		ready := s.ReadyCount(process)
		if err := syscall.Kill(s.Process(t, process), syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		s.WaitReady(t, process, ready+1)
		s.directory.Thaw()
		c.WaitUp(t, 1)
	}

	s.directory.Freeze()
	c := netlab.StartClient(t, s.clients[4], alice)
	netlab.Eventually(t, 20*time.Second, "its login waits", func() bool { return strings.Contains(c.Log(), "AUTH_PENDING") })
	s.directory.Stop()
	netlab.Eventually(t, 20*time.Second, "the client is told to try again", func() bool { return strings.Contains(c.Log(), "AUTH_FAILED,TEMP[backoff") })
	s.directory.Again(t)
	c.WaitUp(t, 1)

	netlab.Eventually(t, 10*time.Second, "each client has one connection", func() bool {
		list := s.connections()
		for _, c := range list {
			if c.status != "active" {
				return false
			}
		}
		return len(list) == 5
	})
}
