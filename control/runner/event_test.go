package runner_test

import (
	"errors"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"sallyport/control/controltest"
	"sallyport/store"
	"sallyport/vpn"
	"sallyport/vpn/vpntest"
)

// A granted login's row is stored before the dataplane is told; its establishment, counters and end
// follow.
func TestLifeOfAConnection(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	before := s.Rows()
	s.Dataplane.OnDecide = func(d vpn.LoginDecision) {
		if c := s.Connection(d.Connection); c.Status != vpn.ConnectionConnecting || c.Session != d.Session || c.Username != "alice" || c.Node != "node-1" {
			t.Errorf("when Decide is called the row is %+v", c)
		}
	}
	login := s.Login("alice")
	login.Fingerprint, login.Issuer = "AB:01", strings.ToUpper(s.CA.Fingerprint)
	login.Chain = []vpn.ChainCertificate{{Serial: "8", Fingerprint: "CD:02"}, {Serial: "9", Fingerprint: s.CA.Fingerprint}}
	s.AddLogins(login)
	d := s.Dataplane.Decisions[0]
	if !d.Allow || d.ID != "login-alice" || !d.Connection.Valid() || !d.Session.Valid() || d.User.Name != "alice" ||
		!d.Ends.Equal(s.Clock.Now().Add(24*time.Hour)) || d.Reason != "" {
		t.Errorf("got %+v", d)
	}
	if s.View().Connections != 0 {
		t.Error("a granted login is counted as a connection")
	}
	s.Clock.Pass(time.Second)
	ip, device := netip.MustParseAddr("10.20.0.9"), netip.MustParseAddrPort("198.51.100.7:40001")
	s.AddEvents(vpn.Event{Established: &vpn.Established{Connection: d.Connection, Endpoint: s.Endpoint.ID, Association: s.Association.ID, ClientIP: ip, Device: device}})
	c := s.Connection(d.Connection)
	if c.Status != vpn.ConnectionActive || c.ClientIP != ip || c.Device != device || c.Association != s.Association.ID || !c.EstablishedAt.Equal(s.Clock.Now()) ||
		c.Platform != "linux" || c.ClientVersion != "2.6.14" || c.Serial != "7" || c.Fingerprint != "ab01" || c.Issuer != vpn.BareFingerprint(s.CA.Fingerprint) {
		t.Errorf("got %+v", c)
	}
	if s.View().Connections != 1 {
		t.Error("it is not counted")
	}
	s.Clock.Pass(time.Minute)
	final := vpn.Counters{BytesIn: 10, PacketsIn: 1, BytesOut: 20, PacketsOut: 2}
	s.AddEvents(vpn.Event{Ended: &vpn.Ended{Connection: c.ID, Endpoint: s.Endpoint.ID, Reason: "The client left.", Counters: final}})
	c = s.Connection(c.ID)
	if c.Status != vpn.ConnectionTerminated || c.EndReason != "The client left." || c.Counters != final || !c.EndedAt.Equal(s.Clock.Now()) {
		t.Errorf("got %+v", c)
	}
	if zero := vpntest.Zero(c); !slices.Equal(zero, []string{"Above[0].IssuerID", "AwaySince", "IssuerID", "Provider", "UserKey"}) { // key identifiers are of issuers whose key is not known
		t.Errorf("login, grant and events leave these fields of the connection zero: %v", zero)
	}
	page, err := s.Endpoints.Connections(t.Context(), s.Admin, s.Endpoint.ID, vpn.List{Filter: map[string]string{"view": vpn.ViewEnded}})
	if err != nil || len(page.Items) != 1 || page.Items[0].Counters != final {
		t.Errorf("listed: %+v, %v", page.Items, err)
	}
	if before == s.Rows() || !slices.Contains(s.Dataplane.Acknowledged, 2) {
		t.Errorf("acknowledged %v", s.Dataplane.Acknowledged)
	}
}

// Without a target network every login is refused; the client and the page get the reason.
func TestLoginIsRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.AddLogins(s.Login("alice"))
	d := s.Dataplane.Decisions[0]
	if d.Allow || !strings.Contains(d.Reason, "no target network") || d.Connection != "" {
		t.Errorf("got %+v", d)
	}
	attempts, err := s.Endpoints.Attempts(t.Context(), s.Admin, s.Endpoint.ID)
	if err != nil || len(attempts) != 1 || d.Reason != attempts[0].Reason+" ["+attempts[0].Reference+"]" || !strings.Contains(s.Log.String(), `"reference":"`+attempts[0].Reference+`"`) || attempts[0].CommonName != "alice" {
		t.Errorf("listed: %+v, %v", attempts, err)
	}
	if rows := s.Query("SELECT * FROM connection"); len(rows) != 0 {
		t.Errorf("connections: %v", rows)
	}
	r := s.Login("mallory")
	r.Endpoint = vpn.NewEndpointID()
	s.AddLogins(r)
	if d := s.Dataplane.Decisions[1]; d.Allow || d.Reason == "" || strings.Contains(d.Reason, string(r.Endpoint)) {
		t.Errorf("of an endpoint that is not there: %+v", d)
	}
}

// A login after its deadline is denied.
func TestLateLoginIsDenied(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	r := s.Login("alice")
	r.Deadline = time.Now().Add(-time.Second)
	s.AddLogins(r)
	for _, d := range s.Dataplane.Decisions {
		if d.Allow {
			t.Errorf("let in: %+v", d)
		}
	}
}

// Attempts that were refused before a login are listed; control characters in them are not printed.
func TestRefusedAttempts(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	s.AddEvents(vpn.Event{Refused: &vpn.RefusedAttempt{Endpoint: s.Endpoint.ID, Device: netip.MustParseAddrPort("203.0.113.9:5"),
		CommonName: "<b>\x00\xff\x1b[31m", Reason: "The certificate has expired."}},
		vpn.Event{Refused: &vpn.RefusedAttempt{Endpoint: vpn.NewEndpointID(), Reason: "Of an endpoint that is gone."}})
	attempts, err := s.Endpoints.Attempts(t.Context(), s.Admin, s.Endpoint.ID)
	if err != nil || len(attempts) != 1 || attempts[0].Reason != "The certificate has expired." || !attempts[0].At.Equal(s.Clock.Now()) {
		t.Errorf("got %+v, %v", attempts, err)
	}
	s.cursor("epoch-1", 2)
}

// A client with an old profile that tries again every five seconds is one row, which is purged when it is old.
func TestRefusedAttemptsOfOneClient(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	s.Query("UPDATE endpoint SET deleting = 1 RETURNING id")
	first := s.Clock.Now()
	for i := range 100 {
		again := s.Login("alice")
		again.ID = strconv.Itoa(i)
		s.AddLogins(again)
		s.Clock.Pass(5 * time.Second)
	}
	s.AddLogins(s.Login("bob"))
	attempts, err := s.Endpoints.Attempts(t.Context(), s.Admin, s.Endpoint.ID)
	if err != nil || len(attempts) != 2 || attempts[1].Count != 100 || attempts[1].CommonName != "alice" || !attempts[1].First.Equal(first) {
		t.Errorf("got %+v, %v", attempts, err)
	}
	s.Clock.Pass(90*24*time.Hour + time.Minute)
	s.Must(s.Runner.Purge(t.Context()))
	if n := len(s.Query("SELECT * FROM attempt")); n != 0 {
		t.Errorf("%d rows are left after 90 days", n)
	}
}

func (s *site) cursor(epoch string, seq uint64) {
	s.T.Helper()
	var gotEpoch string
	var gotSeq uint64
	s.Must(s.Store.View(s.T.Context(), func(tx *store.Tx) (err error) {
		gotEpoch, gotSeq, err = tx.EventCursor(s.T.Context(), "node-1")
		return err
	}))
	if gotEpoch != epoch || gotSeq != seq {
		s.T.Errorf("the cursor is %s %d, want %s %d", gotEpoch, gotSeq, epoch, seq)
	}
}

// After a break the events continue where the database says; repeated events change nothing.
func TestEventsAreReplayed(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	c := s.Connect("alice")
	s.cursor("epoch-1", 1)
	before := s.Rows()
	s.AddEvents() // nothing new
	s.Dataplane.Repeat = true
	s.AddEvents() // everything again
	s.Dataplane.Repeat = false
	if after := s.Rows(); after != before || len(s.Dataplane.Decisions) != 1 {
		t.Errorf("repetition changed\n%s\nto\n%s", before, after)
	}
	if got := s.Dataplane.Asked; got[0] != "" || got[len(got)-1] != "epoch-1" {
		t.Errorf("asked for epochs %v", got)
	}
	// Another process continues at the same event.
	second := s.NewServices(controltest.Options{})
	if err := second.Runner.FollowOnce(t.Context()); !errors.Is(err, controltest.ErrDown) {
		t.Errorf("got %v", err)
	}
	if s.Rows() != before {
		t.Error("a second process stored the events again")
	}
	// A new epoch starts with number one.
	s.Dataplane.EventLog = nil
	s.AddEvents(vpn.Event{Epoch: "epoch-2", Seq: 1, Ended: &vpn.Ended{Connection: c.ID, Endpoint: s.Endpoint.ID, Reason: "The host went down."}})
	s.cursor("epoch-2", 1)
	if got := s.Connection(c.ID); got.Status != vpn.ConnectionTerminated || got.EndReason != "The host went down." {
		t.Errorf("got %s: %s", got.Status, got.EndReason)
	}
}

// A login waits only for the transaction of its decision. A process that starts before the next event
// receives the logins that wait again, and no others.
func TestLoginMovesNoCursor(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	s.AddLogins(s.Login("alice"))
	s.cursor("", 0)
	if err := s.NewServices(controltest.Options{}).Runner.FollowOnce(t.Context()); !errors.Is(err, controltest.ErrDown) {
		t.Errorf("got %v", err)
	}
	if n := len(s.Dataplane.Decisions); n != 1 {
		t.Errorf("%d decisions, want 1", n)
	}
	s.Dataplane.Decisions = nil // the first process died with it
	if err := s.NewServices(controltest.Options{}).Runner.FollowOnce(t.Context()); !errors.Is(err, controltest.ErrDown) {
		t.Errorf("got %v", err)
	}
	if d := s.Dataplane.Decisions; len(d) != 1 || !d[0].Allow {
		t.Errorf("the login that waits was decided %+v", d)
	}
}

// Events of ended or unknown connections change nothing and do not delay others. One that is established and
// not to be is ended at once.
func TestEventsOutOfPlace(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	c := s.Connect("alice")
	end := vpn.Event{Ended: &vpn.Ended{Connection: c.ID, Endpoint: s.Endpoint.ID, Reason: "First.", Counters: vpn.Counters{BytesIn: 9}}}
	s.AddEvents(end)
	before := s.Rows("event_cursor")
	late := end
	late.Ended = &vpn.Ended{Connection: c.ID, Endpoint: s.Endpoint.ID, Reason: "The connection had ended."}
	unknown := vpn.NewConnectionID()
	s.AddEvents(late,
		vpn.Event{Established: &vpn.Established{Connection: c.ID, Endpoint: s.Endpoint.ID}},
		vpn.Event{Established: &vpn.Established{Connection: unknown, Endpoint: s.Endpoint.ID}},
		vpn.Event{Ended: &vpn.Ended{Connection: vpn.NewConnectionID(), Endpoint: s.Endpoint.ID}},
		vpn.Event{})
	if after := s.Rows("event_cursor"); after != before {
		t.Errorf("changed\n%s\nto\n%s", before, after)
	}
	s.cursor("epoch-1", 7)
	if got := s.Dataplane.Terminated; !slices.Equal(got, []vpn.ConnectionID{c.ID, unknown}) {
		t.Errorf("terminated %v, want the ended and the unknown one", got)
	}
	s.Dataplane.RefuseEnd = errors.New("management socket is gone")
	s.AddEvents(vpn.Event{Established: &vpn.Established{Connection: unknown, Endpoint: s.Endpoint.ID}})
	s.cursor("epoch-1", 8)
}

// A grant that never became a connection is never listed, and leaves no row when it ends.
func TestGrantWithoutConnection(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	s.AddLogins(s.Login("alice"))
	id := s.Dataplane.Decisions[0].Connection
	s.AddEvents(vpn.Event{Ended: &vpn.Ended{Connection: id, Endpoint: s.Endpoint.ID, Reason: "The client went away."}})
	page, err := s.Endpoints.Connections(t.Context(), s.Admin, s.Endpoint.ID, vpn.List{})
	if n := len(s.Query("SELECT * FROM connection")); err != nil || len(page.Items) != 0 || n != 0 {
		t.Errorf("listed: %+v, %d rows, %v", page.Items, n, err)
	}
}

// An event and the cursor are stored together: where one cannot be stored, neither is.
func TestEventAndCursorAreOne(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	c := s.Connect("alice")
	if _, err := s.Raw.ExecContext(t.Context(), "CREATE TRIGGER full BEFORE UPDATE ON event_cursor BEGIN SELECT RAISE(FAIL, 'disk full'); END"); err != nil {
		t.Fatal(err)
	}
	before := s.Rows()
	s.Dataplane.EventLog = append(s.Dataplane.EventLog, vpn.Event{Epoch: "epoch-1", Seq: 2, Ended: &vpn.Ended{Connection: c.ID, Endpoint: s.Endpoint.ID}})
	if err := s.Runner.FollowOnce(t.Context()); err == nil || errors.Is(err, controltest.ErrDown) {
		t.Errorf("got %v", err)
	}
	if s.Rows() != before || len(s.Dataplane.Acknowledged) > 0 {
		t.Errorf("half of it was written, or acknowledged: %v", s.Dataplane.Acknowledged)
	}
	if _, err := s.Raw.ExecContext(t.Context(), "DROP TRIGGER full"); err != nil {
		t.Fatal(err)
	}
	s.AddEvents()
	if s.Connection(c.ID).Status != vpn.ConnectionTerminated {
		t.Error("the event is lost")
	}
}
