package lab

import (
	"errors"
	"os"
	"path/filepath"
	"sallyport/lab/gateway"
	"sallyport/lab/netlab"
	"strings"
	"syscall"
	"testing"
	"time"
)

// smallDisk is a file system that a ballast can fill.
type smallDisk struct{ path, ballast string }

const smallDiskOptions = "size=16m,mode=0700"

// mountSmall puts a small file system under one of a gateway's directories. The gateway is not
// started yet: its namespace takes the mounts over that are there when it is.
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
		g.Stop(t) // who still has it open would keep it
		if err := syscall.Unmount(d.path, syscall.MNT_DETACH); err != nil {
			t.Errorf("the small disk at %s stays mounted: %v", d.path, err)
		}
	})
	return d
}

// fill takes all the room that is left, also what somebody gave back meanwhile.
func (d *smallDisk) fill(t *testing.T) {
	t.Helper()
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

func (d *smallDisk) free(t *testing.T) {
	t.Helper()
	if err := os.Remove(d.ballast); err != nil {
		t.Fatal(err)
	}
}

// crampedSite is a busy site with one of its directories on a small disk, two clients that stay,
// one that leaves while the disk is full and a host from which one more comes then.
type crampedSite struct {
	*busySite
	disk      *smallDisk
	leaver    *netlab.Client
	left      string // the address the leaver had
	guest     string // profile of who comes
	guestHost *netlab.Namespace
}

func newCrampedSite(t *testing.T, directory string) *crampedSite {
	t.Helper()
	w := newTopology(t, 2)
	w.serveEcho(t)
	g := newGateway(t, w.gatewayHost)
	disk := mountSmall(t, g, directory)
	g.Start(t, "serve")
	b := makeBusy(t, signUp(t, w, g))
	for _, name := range []string{"leaver", "guest"} {
		b.IssueCertificate(name)
	}
	w.addClient(t, 2)
	w.addClient(t, 3)
	c := &crampedSite{busySite: b, disk: disk, guest: b.Profile("guest"), guestHost: w.clients[3]}
	c.leaver = netlab.ConnectClient(t, w.clients[2], b.Profile("leaver"))
	c.left = c.leaver.Address(t).String()
	b.WaitText("/connections", c.left, "active")
	return c
}

// tellsSince waits until the page of the node has a sentence, with a time, and every page its banner.
func (c *crampedSite) tellsSince(t *testing.T, sentence string) {
	t.Helper()
	netlab.Eventually(t, 30*time.Second, "the console says "+sentence, func() bool {
		p := c.Get("/settings")
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

func (c *crampedSite) tellsNoMore(t *testing.T, sentence string) {
	t.Helper()
	netlab.Eventually(t, 30*time.Second, "the console no longer says "+sentence, func() bool {
		return !strings.Contains(c.Get("/settings").Text(), sentence)
	})
}

// leftOnce sees that the console has exactly one connection of who left, ended for that reason.
func (c *crampedSite) leftOnce(t *testing.T) {
	t.Helper()
	var rows []string
	netlab.Eventually(t, 30*time.Second, "the end of the connection that was left is told", func() bool {
		rows = rows[:0]
		for _, tr := range c.Get(c.Endpoint + "/connections?size=200").Doc.Find("table").First().Find("tbody tr").EachIter() {
			if text := strings.ToLower(tr.Text()); strings.Contains(text, "leaver") {
				rows = append(rows, strings.Join(strings.Fields(text), " "))
			}
		}
		return len(rows) > 0 && strings.Contains(rows[0], "terminated")
	})
	if len(rows) != 1 || !strings.Contains(rows[0], "the client disconnected") {
		t.Errorf("of who left once the console has %q", rows)
	}
}

// comesIn waits for the guest, who keeps trying by itself or is started again by its user.
func (c *crampedSite) comesIn(t *testing.T, guest *netlab.Client) {
	t.Helper()
	if !guest.Running() {
		guest = netlab.StartClient(t, c.guestHost, c.guest)
	}
	guest.WaitUp(t, 1)
	if !c.guestHost.Answers(addrHostA, netlab.EchoPort) {
		t.Error("who comes when there is room again reaches nothing")
	}
	c.clients = append(c.clients[:2:2], c.guestHost)
	c.addresses = append(c.addresses, guest.Address(t).String())
}

func (c *crampedSite) nothingOpened(t *testing.T) {
	t.Helper()
	if n := c.probes.arrived.Load(); n > 0 {
		t.Errorf("%d unauthorized packets arrived", n)
	}
}

// A full disk under the database: tunnels carry on, changes are refused in words and change
// nothing, what happens meanwhile is told later, and all heals by itself.
func TestFullDataDirectory(t *testing.T) {
	t.Parallel()
	c := newCrampedSite(t, "data")
	rules := c.Get(c.Endpoint + "/rules").Doc.Find("tbody tr").Length()
	c.disk.fill(t)
	for _, cidr := range []string{"10.0.2.0/24", "198.51.100.0/24"} {
		p := c.Submit(c.Endpoint+"/rules/new", "Add authorization rule", gateway.Fields{"Destination network to enable access": cidr})
		if p.Status != 503 || !strings.Contains(p.Text(), "Nothing was saved: the disk that holds the database is full.") || strings.Contains(p.Text(), "SQL") {
			t.Errorf("a change on a full disk: status %d: %s", p.Status, netlab.Tail(p.Text(), 600))
		}
		if typed := p.Doc.Find("input[name=destination]").AttrOr("value", ""); typed != cidr {
			t.Errorf("the form has forgotten what was typed: %q", typed)
		}
	}
	c.tellsSince(t, "The disk that holds the database is full")
	if now := c.Get(c.Endpoint + "/rules").Doc.Find("tbody tr").Length(); now != rules {
		t.Errorf("there are %d rules after refused changes, and there were %d", now, rules)
	}
	c.carriesOn(t, "the database's disk was full")
	c.leaver.Leave(t)
	guest := netlab.StartClient(t, c.guestHost, c.guest)
	netlab.Eventually(t, 60*time.Second, "a login on a full disk is refused with a reason, or works", func() bool {
		if !strings.Contains(c.Get("/settings").Text(), "The disk that holds the database is full") {
			t.Fatal("the console calls a full disk mended")
		}
		return strings.Contains(guest.Log(), "cannot check your login right now") || strings.Contains(guest.Log(), netlab.UpLine)
	})
	// The session of a console that begins anew lies in the database, and nothing can be written.
	ready := c.ReadyCount("web")
	kill(t, c.Process(t, "web"))
	c.WaitReady(t, "web", ready+1)
	if p := c.Get(c.Endpoint); p.Status != 200 || strings.HasPrefix(p.URL.Path, "/sign-in") {
		t.Errorf("after a restart on a full disk: status %d at %s", p.Status, p.URL)
	}
	c.carriesOn(t, "the database's disk was full for long")
	c.nothingOpened(t)

	c.disk.free(t)
	c.tellsNoMore(t, "The disk that holds the database is full")
	c.leftOnce(t)
	c.comesIn(t, guest)
	c.carriesOn(t, "there was room again")
	c.listsConnections(t)
	c.nothingOpened(t)
	c.newRuleWorks(t)
}

// A full disk under the run directory: what is revoked is revoked nevertheless, and an end that
// could be told to nobody and written nowhere is told once, also after a crash that follows.
func TestFullRunDirectory(t *testing.T) {
	t.Parallel()
	c := newCrampedSite(t, "run")
	c.Authorize("198.51.100.0/24")
	c.AddRoute("198.51.100.0/24", "subnet-a")
	c.WaitRow("/routes", "198.51.100.0/24", "active")
	c.WaitRow("/rules", "198.51.100.0/24", "active")
	if !c.clients[0].Answers(addrInternet, netlab.EchoPort) {
		t.Fatal("what is authorized does not answer")
	}
	c.disk.fill(t)
	c.Remove("/rules", "198.51.100.0/24", "Remove authorization rule")
	c.WaitNoText("/rules", "198.51.100.0/24")
	if c.clients[0].Answers(addrInternet, netlab.EchoPort) {
		t.Error("a rule that was removed on a full disk still lets through")
	}
	c.tellsSince(t, "it cannot be written down")
	guest := netlab.StartClient(t, c.guestHost, c.guest)
	netlab.Eventually(t, 60*time.Second, "a login on a full disk is refused with a reason, or works", func() bool {
		return strings.Contains(guest.Log(), "cannot let you in right now") || strings.Contains(guest.Log(), netlab.UpLine)
	})
	c.disk.fill(t) // the login's files have come and gone
	ready := c.ReadyCount("dataplane")
	kill(t, c.Process(t, "dataplane"))
	c.WaitReady(t, "dataplane", ready+1)
	c.carriesOn(t, "the dataplane was killed on a full disk")
	c.WaitNoText("/rules", "198.51.100.0/24")
	netlab.Eventually(t, 20*time.Second, "what was revoked is closed after a crash, too", func() bool {
		return !c.clients[0].Answers(addrInternet, netlab.EchoPort)
	})
	c.disk.fill(t)
	web := c.Process(t, "web")
	if err := syscall.Kill(web, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Kill(web, syscall.SIGCONT) })
	c.leaver.Leave(t)
	c.carriesOn(t, "the run directory's disk was full")
	c.nothingOpened(t)

	c.disk.free(t)
	netlab.Eventually(t, 30*time.Second, "the end that could not be written down is", func() bool {
		text, err := os.ReadFile(filepath.Join(c.disk.path, "events.ndjson"))
		return err == nil && strings.Contains(string(text), "The client disconnected.")
	})
	ready = c.ReadyCount("dataplane")
	kill(t, c.Process(t, "dataplane"))
	c.WaitReady(t, "dataplane", ready+1)
	if err := syscall.Kill(web, syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	c.tellsNoMore(t, "cannot be written")
	c.leftOnce(t)
	c.comesIn(t, guest)
	c.carriesOn(t, "there was room again")
	c.listsConnections(t)
	c.nothingOpened(t)
	c.newRuleWorks(t)
}
