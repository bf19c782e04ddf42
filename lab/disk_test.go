package lab

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	_ "github.com/glebarez/go-sqlite"

	"sallyport/lab/gateway"
	"sallyport/lab/netlab"
)

// smallDisk is a small file system and the file that fills it.
type smallDisk struct{ path, ballast string }

const smallDiskOptions = "size=16m,mode=0700"

// mountSmall mounts a small file system at one of a gateway's directories. The gateway must not be
// started yet: its namespace gets the mounts that are there at its start.
func mountSmall(t *testing.T, g *gateway.Gateway, directory string) *smallDisk {
	t.Helper()
	d := &smallDisk{path: filepath.Join(g.Dir, directory)}
	d.ballast = filepath.Join(d.path, "ballast")
	if err := os.MkdirAll(d.path, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("sallyport-lab", d.path, "tmpfs", 0, smallDiskOptions); err != nil {
		t.Fatalf("mount a small disk: %v", err)
	}
	t.Cleanup(func() {
		g.Stop(t) // a process with an open file there would keep it mounted
		if err := syscall.Unmount(d.path, syscall.MNT_DETACH); err != nil {
			t.Errorf("the small disk at %s stays mounted: %v", d.path, err)
		}
	})
	return d
}

// fill takes all space that is left, also what was freed since the last call. A database there has no room in its log for changes then.
func (d *smallDisk) fill(t *testing.T) {
	t.Helper()
	if _, err := os.Stat(d.ballast); os.IsNotExist(err) {
		d.cutLog(t)
	}
	f, err := os.OpenFile(d.ballast, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil && errors.Is(err, syscall.ENOSPC) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for b := make([]byte, 4096); err == nil; {
		_, err = f.Write(b)
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
}

// cutLog empties the write-ahead log of a database on the disk. The log keeps the length that it once had, and is written from its
// beginning again after some megabytes of changes: as many fit on a full disk.
func (d *smallDisk) cutLog(t *testing.T) {
	t.Helper()
	path := filepath.Join(d.path, "sallyport.db")
	if _, err := os.Stat(path); os.IsNotExist(err) {
		return
	}
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	netlab.Eventually(t, 20*time.Second, "the log of the database is empty", func() bool {
		var busy, pages, moved int
		err := db.QueryRowContext(t.Context(), "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &pages, &moved)
		return err == nil && busy == 0
	})
}

func (d *smallDisk) free(t *testing.T) {
	t.Helper()
	if err := os.Remove(d.ballast); err != nil {
		t.Fatal(err)
	}
}

// smallDiskSite is a busy site with one of its directories on a small disk: two clients stay, one
// leaves while the disk is full, and one more connects then.
type smallDiskSite struct {
	*busySite
	disk           *smallDisk
	leaving        *netlab.Client
	leavingAddress string
	lateProfile    string // of the client that connects while the disk is full
	lateHost       *netlab.Namespace
}

func newSmallDiskSite(t *testing.T, directory string) *smallDiskSite {
	t.Helper()
	w := newTopology(t, 2)
	w.serveEcho(t)
	g := newGateway(t, w.gatewayHost)
	disk := mountSmall(t, g, directory)
	g.Start(t, "serve")
	b := makeBusy(t, signUp(t, w, g))
	for _, name := range []string{"leaving", "late"} {
		b.IssueCertificate(name)
	}
	w.addClient(t, 2)
	w.addClient(t, 3)
	c := &smallDiskSite{busySite: b, disk: disk, lateProfile: b.Profile("late"), lateHost: w.clients[3]}
	c.leaving = netlab.ConnectClient(t, w.clients[2], b.Profile("leaving"))
	c.leavingAddress = c.leaving.Address(t).String()
	b.WaitText("/connections", c.leavingAddress, "active")
	return c
}

// waitFault waits until the page of the node shows a fault with its time, and checks that the
// endpoint's page shows it as a banner.
func (c *smallDiskSite) waitFault(t *testing.T, sentence string) {
	t.Helper()
	netlab.Eventually(t, 30*time.Second, "the console shows the fault "+sentence, func() bool {
		p := c.Get("/node")
		for _, tr := range p.Doc.Find("main li, main tr, main div").EachIter() {
			if strings.Contains(tr.Text(), sentence) && tr.Find("time").Length() > 0 {
				return true
			}
		}
		return false
	})
	if p := c.Get(c.Endpoint); p.Status != 200 || !strings.Contains(p.Text(), sentence) {
		t.Errorf("the endpoint's page (status %d) does not say %q: %s", p.Status, sentence, netlab.Tail(p.Text(), 600))
	}
}

func (c *smallDiskSite) waitNoFault(t *testing.T, sentence string) {
	t.Helper()
	netlab.Eventually(t, 30*time.Second, "the console no longer shows the fault "+sentence, func() bool {
		return !strings.Contains(c.Get("/node").Text(), sentence)
	})
}

// wantOneEnd checks that the console lists exactly one connection of the client that left, with that
// reason.
func (c *smallDiskSite) wantOneEnd(t *testing.T) {
	t.Helper()
	var rows []string
	netlab.Eventually(t, 30*time.Second, "the end of the connection of the client that left is listed", func() bool {
		rows = rows[:0]
		for _, tr := range c.Get(c.Endpoint + "/connections?view=ended&size=200").Doc.Find("table").First().Find("tbody tr").EachIter() {
			if text := strings.ToLower(tr.Text()); strings.Contains(text, "leaving") {
				rows = append(rows, strings.Join(strings.Fields(text), " "))
			}
		}
		return len(rows) > 0 && strings.Contains(rows[0], "terminated")
	})
	if len(rows) != 1 || !strings.Contains(rows[0], "the client disconnected") {
		t.Errorf("the console lists %q for the client that left once", rows)
	}
}

// waitLate waits until the late client is connected. Where its process has ended it is started again.
func (c *smallDiskSite) waitLate(t *testing.T, late *netlab.Client) {
	t.Helper()
	if !late.Running() {
		late = netlab.StartClient(t, c.lateHost, c.lateProfile)
	}
	late.WaitUp(t, 1)
	if !c.lateHost.Reaches(addrHostA, netlab.EchoPort) {
		t.Error("a client that connects when there is space again reaches nothing")
	}
	c.clients = append(c.clients[:2:2], c.lateHost)
	c.addresses = append(c.addresses, late.Address(t).String())
}

func (c *smallDiskSite) wantNothingOpened(t *testing.T) {
	t.Helper()
	if n := c.probes.arrived.Load(); n > 0 {
		t.Errorf("%d unauthorized packets arrived", n)
	}
}

// With a full disk under the database tunnels go on, changes are refused with a reason and change
// nothing, and events are recorded later. Everything recovers without help when there is space.
func TestFullDataDirectory(t *testing.T) {
	t.Parallel()
	c := newSmallDiskSite(t, "data")
	c.Authorize("10.0.9.0/24")
	c.WaitRow("/rules", "10.0.9.0/24", "active")
	rules := c.Get(c.Endpoint + "/rules").Doc.Find("tbody tr").Length()
	c.disk.fill(t)
	for _, cidr := range []string{"10.0.2.0/24", "198.51.100.0/24"} {
		p := c.Submit(c.Endpoint+"/rules/new", "Add authorization rule", gateway.Fields{"Destination network to enable access": cidr})
		if p.Status != 503 || !strings.Contains(p.Text(), "Nothing was saved: the disk that holds the database is full.") || strings.Contains(p.Text(), "SQL") {
			t.Errorf("a change on a full disk: status %d: %s", p.Status, netlab.Tail(p.Text(), 600))
		}
		if typed := p.Doc.Find("input[name=destination]").AttrOr("value", ""); typed != cidr {
			t.Errorf("the form has lost what was typed: %q", typed)
		}
	}
	c.waitFault(t, "The disk that holds the database is full")
	if now := c.Get(c.Endpoint + "/rules").Doc.Find("tbody tr").Length(); now != rules {
		t.Errorf("there are %d rules after refused changes, and there were %d", now, rules)
	}
	// What takes access away is saved from the reserve, and nothing else is, though there is space now.
	c.Remove("/rules", "10.0.9.0/24", "Remove authorization rule")
	if p := c.Submit(c.Endpoint+"/rules/new", "Add authorization rule", gateway.Fields{"Destination network to enable access": "10.0.2.0/24"}); p.Status != 503 {
		t.Errorf("a change that is not urgent used the reserve: status %d", p.Status)
	}
	c.waitTransfers(t, "the database's disk was full")
	c.leaving.Leave(t)
	late := netlab.StartClient(t, c.lateHost, c.lateProfile)
	netlab.Eventually(t, 60*time.Second, "a login on a full disk is refused with a reason, or works", func() bool {
		if !strings.Contains(c.Get("/node").Text(), "The disk that holds the database is full") {
			t.Fatal("the console reports a full disk as repaired")
		}
		return strings.Contains(late.Log(), "cannot check your login right now") || strings.Contains(late.Log(), netlab.UpLine)
	})
	// The console session must be read from the database, to which nothing can be written.
	ready := c.ReadyCount("web")
	kill(t, c.Process(t, "web"))
	c.WaitReady(t, "web", ready+1)
	if p := c.Get(c.Endpoint); p.Status != 200 || strings.HasPrefix(p.URL.Path, "/sign-in") {
		t.Errorf("after a restart on a full disk: status %d at %s", p.Status, p.URL)
	}
	c.waitTransfers(t, "the database's disk was full for a longer time")
	c.wantNothingOpened(t)

	c.disk.free(t)
	c.waitNoFault(t, "The disk that holds the database is full")
	c.wantOneEnd(t)
	c.waitLate(t, late)
	c.waitTransfers(t, "there was space again")
	c.waitConnectionsListed(t)
	c.wantNothingOpened(t)
	c.wantNewRuleWorks(t)
}

// With a full disk under the run directory a revocation takes effect all the same. An end of a
// connection that could neither be sent nor written is reported once, also after a crash.
func TestFullRunDirectory(t *testing.T) {
	t.Parallel()
	c := newSmallDiskSite(t, "run")
	c.Authorize("198.51.100.0/24")
	c.AddRoute("198.51.100.0/24", "subnet-a")
	c.WaitRow("/routes", "198.51.100.0/24", "active")
	c.WaitRow("/rules", "198.51.100.0/24", "active")
	if !c.clients[0].Reaches(addrInternet, netlab.EchoPort) {
		t.Fatal("what is authorized does not answer")
	}
	c.disk.fill(t)
	c.Remove("/rules", "198.51.100.0/24", "Remove authorization rule")
	c.WaitNoText("/rules", "198.51.100.0/24")
	if c.clients[0].Answers(addrInternet, netlab.EchoPort) {
		t.Error("a rule that was removed on a full disk still lets packets through")
	}
	c.waitFault(t, "it cannot be written down")
	late := netlab.StartClient(t, c.lateHost, c.lateProfile)
	netlab.Eventually(t, 60*time.Second, "a login on a full disk is refused with a reason, or works", func() bool {
		return strings.Contains(late.Log(), "cannot let you in right now") || strings.Contains(late.Log(), netlab.UpLine)
	})
	c.disk.fill(t) // the login's files have been written and removed
	ready := c.ReadyCount("dataplane")
	kill(t, c.Process(t, "dataplane"))
	c.WaitReady(t, "dataplane", ready+1)
	c.waitTransfers(t, "the dataplane was killed on a full disk")
	c.WaitNoText("/rules", "198.51.100.0/24")
	netlab.Eventually(t, 20*time.Second, "what was revoked is closed after a crash too", func() bool {
		return !c.clients[0].Answers(addrInternet, netlab.EchoPort)
	})
	c.disk.fill(t)
	web := c.Process(t, "web")
	if err := syscall.Kill(web, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Kill(web, syscall.SIGCONT) })
	c.leaving.Leave(t)
	c.waitTransfers(t, "the run directory's disk was full")
	c.wantNothingOpened(t)

	c.disk.free(t)
	netlab.Eventually(t, 30*time.Second, "the end that could not be written is written", func() bool {
		text, err := os.ReadFile(filepath.Join(c.disk.path, "events.ndjson"))
		return err == nil && strings.Contains(string(text), "The client disconnected.")
	})
	ready = c.ReadyCount("dataplane")
	kill(t, c.Process(t, "dataplane"))
	c.WaitReady(t, "dataplane", ready+1)
	if err := syscall.Kill(web, syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	c.waitNoFault(t, "cannot be written")
	c.wantOneEnd(t)
	c.waitLate(t, late)
	c.waitTransfers(t, "there was space again")
	c.waitConnectionsListed(t)
	c.wantNothingOpened(t)
	c.wantNewRuleWorks(t)
}
