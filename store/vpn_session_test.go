package store

import (
	"context"
	"testing"
	"time"

	"sallyport/vpn"
)

func testVPNSession(t *testing.T, s *Store) {
	f := stored(t, s)
	session := func(id, token, fingerprint, serial, issuer string, started time.Time) vpn.Session {
		return vpn.Session{
			ID: vpn.SessionID(id), Endpoint: f.endpoint.ID, Username: "alice", CommonName: "alice", Token: token, Fingerprint: fingerprint, Serial: serial, Issuer: issuer,
			StartedAt: started, EndsAt: started.Add(time.Hour),
		}
	}
	older, newer := session("session-1", "t", "aa", "1", "ca", at), session("session-2", "t", "a2", "1", "ca", at.Add(time.Second))
	other := session("session-3", "u", "a3", "1", "another", at)
	ended := session("session-4", "v", "aa", "1", "ca", at)
	ended.EndedAt, ended.EndReason = at, "Blocked."
	update(t, s, func(ctx context.Context, x *Tx) error { return x.CreateVPNSession(ctx, older, newer, other, ended) })
	wantKind(t, "made twice", attempt(t, s, func(ctx context.Context, x *Tx) error { return x.CreateVPNSession(ctx, older) }), vpn.Conflict)
	view(t, s, func(ctx context.Context, x *Tx) error {
		got, err := x.VPNSessionByToken(ctx, f.endpoint.ID, "t")
		same(t, "the newest with a token", got, newer)
		if err != nil {
			return err
		}
		for what, token := range map[string]string{"no token": "", "an unknown token": "x", "a token that is no text": "\x00\xff"} {
			_, err := x.VPNSessionByToken(ctx, f.endpoint.ID, token)
			wantKind(t, what, err, vpn.NotFound)
		}
		_, err = x.VPNSessionByToken(ctx, "cvpn-endpoint-other", "t")
		wantKind(t, "of another endpoint", err, vpn.NotFound)
		with := must[[]vpn.Session](t)(x.VPNSessionsWith(ctx, vpn.CertificateBlock{Fingerprint: "aa", Serial: "1", Issuer: "ca"}))
		same(t, "of a certificate", vpn.IDsOf(with, func(s vpn.Session) vpn.SessionID { return s.ID }), []vpn.SessionID{"session-1", "session-2"})
		return nil
	})
	update(t, s, func(ctx context.Context, x *Tx) error { return x.DeleteVPNSession(ctx, other.ID) })
	wantKind(t, "deleted twice", attempt(t, s, func(ctx context.Context, x *Tx) error { return x.DeleteVPNSession(ctx, other.ID) }), vpn.NotFound)
	purge := func(before time.Time, want int) {
		t.Helper()
		update(t, s, func(ctx context.Context, x *Tx) error {
			n, err := x.PurgeVPNSessions(ctx, before, 9)
			same(t, "purged", n, want)
			return err
		})
	}
	purge(at.Add(time.Hour), 0)
	purge(newer.EndsAt, 2)
	update(t, s, func(ctx context.Context, x *Tx) error { return x.DeleteEndpoint(ctx, f.endpoint.ID) })
	view(t, s, func(ctx context.Context, x *Tx) error {
		_, err := x.VPNSession(ctx, newer.ID)
		wantKind(t, "of a deleted endpoint", err, vpn.NotFound)
		return nil
	})
}

func testPlaces(t *testing.T, s *Store) {
	c := func(id string, status vpn.ConnectionStatus, away time.Time) vpn.Connection {
		return vpn.Connection{ID: vpn.ConnectionID(id), Endpoint: "e", Status: status, AwaySince: away}
	}
	create(t, s, c("1", vpn.ConnectionActive, time.Time{}), c("2", vpn.ConnectionConnecting, time.Time{}), c("3", vpn.ConnectionAway, at.Add(2*time.Second)),
		c("4", vpn.ConnectionAway, at), c("5", vpn.ConnectionTerminated, time.Time{}), c("6", vpn.ConnectionTerminating, time.Time{}), c("7", vpn.ConnectionAway, at.Add(time.Second)))
	view(t, s, func(ctx context.Context, x *Tx) error {
		same(t, "places", must[vpn.Places](t)(x.Places(ctx, "e")), vpn.Places{Held: 3, Away: 3})
		same(t, "places of another endpoint", must[vpn.Places](t)(x.Places(ctx, "f")), vpn.Places{})
		same(t, "longest away", must[[]vpn.ConnectionID](t)(x.LongestAway(ctx, "e", 2)), []vpn.ConnectionID{"4", "7"})
		return nil
	})
}
