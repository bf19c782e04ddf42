package vpn

import (
	"net/netip"
	"testing"
	"time"
)

// A session takes another connection of the client that it belongs to, until it ends.
func TestSessionContinues(t *testing.T) {
	t.Parallel()
	e := newEndpoint(t)
	e.SessionTimeout = 8 * time.Hour
	login := LoginRequest{Username: "Alice", CommonName: "alice", Serial: "7", Fingerprint: "AB:01", Issuer: "CA", Token: "t1"}
	s := NewSession(e, login, Identity{Name: "alice"}, now)
	s.Open("cvpn-connection-1")
	short := e
	short.SessionTimeout = time.Hour
	long := e
	long.SessionTimeout = 24 * time.Hour
	blocked := s
	blocked.End(now, "Blocked.")
	if blocked.End(now.Add(time.Hour), "Again."); blocked.EndReason != "Blocked." || !blocked.EndedAt.Equal(now) {
		t.Errorf("ended twice: %+v", blocked)
	}
	for what, c := range map[string]struct {
		session  Session
		endpoint Endpoint
		change   func(*LoginRequest)
		after    time.Duration
		over     bool
	}{
		"at once":                    {session: s, endpoint: e},
		"the last second":            {session: s, endpoint: e, after: 8*time.Hour - time.Second},
		"its maximum duration":       {session: s, endpoint: e, after: 8 * time.Hour, over: true},
		"a shorter session timeout":  {session: s, endpoint: short, after: time.Hour, over: true},
		"a longer one":               {session: s, endpoint: long, after: 8 * time.Hour, over: true},
		"ended":                      {session: blocked, endpoint: e, over: true},
		"another endpoint":           {session: s, endpoint: Endpoint{ID: "other", ClientOptions: e.ClientOptions}, over: true},
		"another common name":        {session: s, endpoint: e, change: func(r *LoginRequest) { r.CommonName = "bob" }, over: true},
		"another user name":          {session: s, endpoint: e, change: func(r *LoginRequest) { r.Username = "alice" }, over: true},
		"another certificate":        {session: s, endpoint: e, change: func(r *LoginRequest) { r.Serial = "8" }, over: true},
		"another issuer":             {session: s, endpoint: e, change: func(r *LoginRequest) { r.Issuer = "cb" }, over: true},
		"another signature":          {session: s, endpoint: e, change: func(r *LoginRequest) { r.Fingerprint = "ab02" }}, // as CertificateKey has it
		"another address of a phone": {session: s, endpoint: e, change: func(r *LoginRequest) { r.Device = netip.MustParseAddrPort("192.0.2.1:7") }},
	} {
		r := login
		if c.change != nil {
			c.change(&r)
		}
		if got := c.session.Continue(c.endpoint, r, now.Add(c.after)); (got != nil) != c.over {
			t.Errorf("%s: %v", what, got)
		}
	}
}

// Clients that are away make room at the quota of connections, those that are there do not.
func TestPlaces(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		places  Places
		end     int
		refused bool
	}{
		{Places{Held: 0, Away: 0, Limit: 2}, 0, false},
		{Places{Held: 1, Away: 0, Limit: 2}, 0, false},
		{Places{Held: 1, Away: 1, Limit: 2}, 1, false},
		{Places{Held: 0, Away: 2, Limit: 2}, 1, false},
		{Places{Held: 1, Away: 3, Limit: 2}, 3, false}, // the limit was lowered
		{Places{Held: 2, Away: 0, Limit: 2}, 0, true},
		{Places{Held: 2, Away: 1, Limit: 2}, 0, true},
	} {
		end, refused := c.places.Take()
		if end != c.end || (refused != nil) != c.refused {
			t.Errorf("%+v: %d end, %v", c.places, end, refused)
		}
	}
}
