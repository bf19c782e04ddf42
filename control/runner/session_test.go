package runner_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"sallyport/store"
	"sallyport/vpn"
)

// loginWith is a login of a client that has, or with the answer gets, a token.
func (s *site) loginWith(id, token string, returns bool) *vpn.LoginRequest {
	r := s.Login("alice")
	r.ID, r.Token, r.Returns = id, token, returns
	r.Serial, r.Fingerprint, r.Issuer = s.Alice.Serial, vpn.BareFingerprint(s.Alice.Fingerprint), vpn.BareFingerprint(s.CA.Fingerprint)
	return r
}

// decided gives the decision on a login.
func (s *site) decided(r *vpn.LoginRequest) vpn.LoginDecision {
	s.T.Helper()
	s.AddLogins(r)
	d := s.Dataplane.Decisions[len(s.Dataplane.Decisions)-1]
	if d.ID != r.ID {
		s.T.Fatalf("the last decision is %+v, want one of %s", d, r.ID)
	}
	return d
}

func (s *site) establish(d vpn.LoginDecision) {
	s.T.Helper()
	s.AddEvents(vpn.Event{Established: &vpn.Established{Connection: d.Connection, Endpoint: s.Endpoint.ID, Association: s.Association.ID, ClientIP: netip.MustParseAddr("10.20.0.9")}})
}

func (s *site) session(id vpn.SessionID) (found vpn.Session, there bool) {
	s.T.Helper()
	err := s.Store.View(s.T.Context(), func(tx *store.Tx) (err error) { found, err = tx.VPNSession(s.T.Context(), id); return err })
	if vpn.KindOf(err) == vpn.NotFound {
		return found, false
	}
	s.Must(err)
	return found, true
}

// A client with the token of a running session gets another connection under it, whose end is counted from
// the login; the former connection, which the dataplane has lost, ends.
func TestConnectionUnderARunningSession(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	first := s.decided(s.loginWith("1", "t1", false))
	s.establish(first)
	s.Clock.Pass(3 * time.Hour)
	again := s.decided(s.loginWith("2", "t1", true))
	if !again.Allow || again.Session != first.Session || again.Connection == first.Connection || !again.Ends.Equal(first.Ends) ||
		!again.Started.Equal(first.Ends.Add(-s.Endpoint.SessionTimeout)) || !first.Started.IsZero() ||
		again.Addr != netip.MustParseAddr("10.20.0.9") || first.Addr.IsValid() {
		t.Errorf("the second connection: %+v, the first: %+v", again, first)
	}
	if c := s.Connection(first.Connection); c.Status != vpn.ConnectionTerminated || !strings.Contains(c.EndReason, "came back") {
		t.Errorf("the first connection is %+v", c)
	}
	if c := s.Connection(again.Connection); c.Session != first.Session || c.Username != "alice" {
		t.Errorf("the second connection is %+v", c)
	}
	s.establish(again)
	session, _ := s.session(first.Session)
	if session.Connections != 2 || session.Connection != again.Connection {
		t.Errorf("the session is %+v", session)
	}

	// It is over with its maximum duration, for another certificate, and for an unknown token: none is a refused attempt.
	foreign := s.loginWith("3", "t1", true)
	foreign.Serial = "99"
	s.Clock.Pass(s.Endpoint.SessionTimeout - 3*time.Hour - time.Second)
	if d := s.decided(foreign); d.Allow || d.Later || d.Reason != vpn.SessionOver().Msg {
		t.Errorf("another certificate: %+v", d)
	}
	if d := s.decided(s.loginWith("4", "t2", true)); d.Allow || d.Reason != vpn.SessionOver().Msg {
		t.Errorf("an unknown token: %+v", d)
	}
	if d := s.decided(s.loginWith("5", "t1", true)); !d.Allow {
		t.Errorf("in its last second: %+v", d)
	}
	s.Clock.Pass(2 * time.Second)
	if d := s.decided(s.loginWith("6", "t1", true)); d.Allow || d.Reason != vpn.SessionOver().Msg {
		t.Errorf("after its maximum duration: %+v", d)
	}
	if rows := s.Query("SELECT * FROM attempt"); len(rows) != 0 {
		t.Errorf("refused attempts: %v", rows)
	}
}

// A session ends when one of its connections is terminated, and when its certificate is blocked, also while it
// has no connection.
func TestSessionsAreEnded(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	first, second := s.decided(s.loginWith("1", "t1", false)), s.decided(s.loginWith("2", "t2", false))
	s.establish(first)
	s.establish(second)
	_, err := s.Endpoints.TerminateConnections(t.Context(), s.Admin, s.Endpoint.ID, []vpn.ConnectionID{first.Connection})
	s.Must(err)
	if got, _ := s.session(first.Session); !strings.Contains(got.EndReason, "Terminated by administrator admin") || got.EndedAt.IsZero() {
		t.Errorf("the terminated session is %+v", got)
	}
	if d := s.decided(s.loginWith("3", "t1", true)); d.Allow {
		t.Errorf("terminated: %+v", d)
	}
	s.AddEvents(vpn.Event{Ended: &vpn.Ended{Connection: second.Connection, Reason: "The client was out of reach for an hour."}})
	if d := s.decided(s.loginWith("4", "t2", true)); !d.Allow {
		t.Errorf("after its connection was lost: %+v", d)
	}
	_, err = s.Certificates.BlockCertificate(t.Context(), s.Admin, s.Alice.ID)
	s.Must(err)
	s.Must(s.Certificates.UnblockCertificate(t.Context(), s.Admin, vpn.BareFingerprint(s.Alice.Fingerprint)))
	if d := s.decided(s.loginWith("5", "t2", true)); d.Allow || d.Reason != vpn.SessionOver().Msg {
		t.Errorf("blocked in between: %+v", d)
	}
	if d := s.decided(s.loginWith("6", "t6", false)); !d.Allow {
		t.Errorf("a new login: %+v", d)
	}
}

// A login that never became a connection leaves no session; one under a session that had a connection leaves that.
func TestGrantWithoutConnectionLeavesNoSession(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	end := func(d vpn.LoginDecision) {
		t.Helper()
		s.AddEvents(vpn.Event{Ended: &vpn.Ended{Connection: d.Connection, Reason: "The client left before its tunnel was up."}})
	}
	d := s.decided(s.loginWith("1", "t1", false))
	end(d)
	if _, there := s.session(d.Session); there {
		t.Error("the session of a login without a connection is there")
	}
	first := s.decided(s.loginWith("2", "t2", false))
	s.establish(first)
	end(s.decided(s.loginWith("3", "t2", true)))
	if _, there := s.session(first.Session); !there {
		t.Error("the session is gone")
	}
	s.Clock.Pass(15*24*time.Hour + time.Second)
	s.Must(s.Runner.Purge(t.Context()))
	if _, there := s.session(first.Session); there {
		t.Error("an old session was not purged")
	}
}

// At the quota of connections those whose clients are away end for new ones, the longest away first; clients that are
// there keep their places.
func TestAwayClientsMakeRoom(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	s.Set(s.Admin, "connection_quota", "3")
	ds := map[string]vpn.LoginDecision{}
	for _, id := range []string{"1", "2", "3"} {
		ds[id] = s.decided(s.loginWith(id, "t"+id, false))
		s.establish(ds[id])
	}
	if d := s.decided(s.loginWith("4", "t4", false)); d.Allow || !strings.Contains(d.Reason, "its limit of 3 connections") {
		t.Errorf("above the quota: %+v", d)
	}
	for _, id := range []string{"2", "1"} {
		s.Clock.Pass(time.Second)
		s.AddEvents(vpn.Event{Away: &vpn.Away{Connection: ds[id].Connection, Endpoint: s.Endpoint.ID}})
	}
	if d := s.decided(s.loginWith("5", "t5", false)); !d.Allow || len(d.Replaces) != 1 || d.Replaces[0] != ds["2"].Connection {
		t.Errorf("with two away: %+v", d)
	}
	// Its end is not reported yet: it does not make room a second time.
	if d := s.decided(s.loginWith("6", "t6", false)); !d.Allow || len(d.Replaces) != 2 || d.Replaces[1] != ds["1"].Connection {
		t.Errorf("with one away: %+v", d)
	}
	if d := s.decided(s.loginWith("7", "t7", false)); d.Allow {
		t.Errorf("with none away: %+v", d)
	}
	// A client that returns by its session has its own place.
	if d := s.decided(s.loginWith("8", "t3", true)); !d.Allow || len(d.Replaces) != 2 {
		t.Errorf("a return: %+v", d)
	}
}

// A client without a token continues the connection that its certificate's former client was lost from, unless that
// is none of a running session; its new token is the session's from then on.
func TestConnectionIsContinuedByCertificate(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	first := s.decided(s.loginWith("1", "t1", false))
	asks := func(id, token string) *vpn.LoginRequest {
		r := s.loginWith(id, token, false)
		r.Continues = first.Connection
		return r
	}
	if d := s.decided(asks("2", "t2")); !d.Allow || d.Connection == first.Connection {
		t.Errorf("a connection that is not established yet was continued: %+v", d)
	}
	s.establish(first)
	s.AddEvents(vpn.Event{Away: &vpn.Away{Connection: first.Connection, Endpoint: s.Endpoint.ID}})
	s.Clock.Pass(time.Hour)
	d := s.decided(asks("3", "t3"))
	if !d.Allow || d.Connection != first.Connection || d.Session != first.Session || !d.Ends.Equal(first.Ends) || d.Started.IsZero() {
		t.Errorf("continued: %+v, was %+v", d, first)
	}
	if got, _ := s.session(first.Session); got.Token != "t3" || got.Connections != 1 {
		t.Errorf("the session is %+v", got)
	}
	foreign := asks("4", "t4")
	foreign.Serial = "99"
	if d := s.decided(foreign); !d.Allow || d.Connection == first.Connection {
		t.Errorf("another certificate: %+v", d)
	}
	s.Clock.Pass(s.Endpoint.SessionTimeout)
	if d := s.decided(asks("5", "t5")); !d.Allow || d.Session == first.Session || !d.Started.IsZero() {
		t.Errorf("after the session's end: %+v", d)
	}
	s.AddEvents(vpn.Event{Ended: &vpn.Ended{Connection: first.Connection, Reason: "Over."}})
	if d := s.decided(asks("6", "t6")); !d.Allow || d.Connection == first.Connection {
		t.Errorf("an ended connection: %+v", d)
	}
}
