package lab

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sallyport/lab/gateway"
	"sallyport/lab/netlab"
)

// shortenSessions sets the endpoint's session timeout to less than the console allows.
func (s *site) shortenSessions(t testing.TB, timeout time.Duration) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(s.Dir, "data/sallyport.db")+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	id := s.Endpoint[strings.LastIndex(s.Endpoint, "/")+1:]
	if _, err := db.ExecContext(t.Context(), "UPDATE endpoint SET options = json_set(options, '$.session_timeout', ?), generation = generation + 1 WHERE id = ?", int64(timeout), id); err != nil {
		t.Fatal(err)
	}
}

// A session ends at its time, which is counted from the login over a restart of the workers. The client is told why:
// it stays away, or signs in again by itself, as the endpoint says.
func TestSessionEndsAtItsTime(t *testing.T) {
	t.Parallel()
	s := newSite(t, 2)
	s.CreateNetwork()
	s.CreateCertificates("alice")
	s.CreateEndpoint(nil)
	s.MustSubmit("/certificates/issue", "Issue certificate", gateway.Fields{"Server certificate": "", "Common name (CN)": "vpn.lab.test", "Name": "renewed"})
	s.Associate("subnet-a")
	s.WaitText("", "available")
	s.Authorize("10.0.1.0/24")
	s.WaitRow("/rules", "10.0.1.0/24", "active")
	const timeout = 15 * time.Second

	began := time.Now()
	c := netlab.ConnectClient(t, s.clients[0], s.Profile("alice"))
	connected := time.Now() // the session began in between
	s.shortenSessions(t, timeout)
	s.Modify(gateway.Fields{"Server certificate": "renewed", "Session timeout hours": ""}, nil)
	c.WaitUp(t, 2)
	if !c.Running() || !c.On.Reaches(addrHostA, netlab.EchoPort) {
		t.Fatal("the session does not continue after the workers were restarted")
	}
	netlab.Eventually(t, 2*timeout, "the session has ended", func() bool { return !c.Running() })
	if least, most := time.Since(connected), time.Since(began); most < timeout-time.Second || least > timeout+5*time.Second {
		t.Errorf("the session ended after %s to %s, its maximum duration is %s", least, most, timeout)
	}
	if why := "reached its maximum duration. Connect again"; !strings.Contains(c.Log(), why) {
		t.Errorf("the client was not told %q", why)
	}
	s.WaitText("/connections?view=ended", "The session reached its maximum duration.")

	s.Modify(gateway.Fields{"Disconnect on session timeout": "off", "Session timeout hours": ""}, nil)
	c = netlab.ConnectClient(t, s.clients[1], s.Profile("alice"))
	c.WaitUp(t, 2)
	if !c.Running() || !c.On.Reaches(addrHostA, netlab.EchoPort) {
		t.Error("the client that signed in again reaches nothing")
	}
	if why := "reached its maximum duration. Your client signs in again"; !strings.Contains(c.Log(), why) {
		t.Errorf("the client was not told %q", why)
	}
	netlab.Eventually(t, 10*time.Second, "two connections have ended and one is active", func() bool { return len(s.connections()) == 3 && len(s.active()) == 1 })
}
