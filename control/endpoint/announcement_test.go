package endpoint_test

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"sallyport/store"
	"sallyport/vpn"
)

// connect stores a connection of a user that was established so long ago.
func (s *site) connect(user string, age time.Duration) {
	s.T.Helper()
	s.Must(s.Store.Update(s.T.Context(), func(tx *store.Tx) error {
		return tx.CreateConnection(s.T.Context(), vpn.Connection{
			ID: vpn.NewConnectionID(), Endpoint: s.Endpoint.ID, Session: vpn.NewSessionID(), Node: "node-1", Status: vpn.ConnectionActive, Username: user,
			CommonName: user, ClientIP: netip.MustParseAddr("10.20.0.2"), EstablishedAt: s.Clock.Now().Add(-age),
		})
	}))
}

// edit is the endpoint as stored, with what the test changes.
func (s *site) edit(change func(*vpn.EndpointEdit)) vpn.EndpointEdit {
	s.T.Helper()
	e := s.View()
	in := vpn.EndpointEdit{Version: e.Version, Name: e.Name, Certificate: e.Certificate, Port: "443", ClientOptions: e.ClientOptions}
	change(&in)
	return in
}

func (s *site) announced(in vpn.EndpointEdit) vpn.Announcement {
	s.T.Helper()
	before := s.Rows()
	a, err := s.Endpoints.AnnounceEdit(s.T.Context(), s.Admin, s.Endpoint.ID, in)
	s.Must(err)
	if s.Rows() != before {
		s.T.Error("an announcement changed something")
	}
	return a
}

// What is saved is what was announced; a change that does more than that is refused and changes nothing.
func TestEditIsAnnounced(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	ctx, id := t.Context(), s.Endpoint.ID
	port := s.edit(func(in *vpn.EndpointEdit) { in.Port = "1194" })
	for range 3 {
		_, err := s.Endpoints.ClientConfiguration(ctx, s.Admin, id, "")
		s.Must(err)
	}
	s.connect("alice", time.Hour)
	s.connect("alice", time.Hour)
	s.connect("bob", 9*time.Hour)
	a := s.announced(port)
	if a.Kind() != "files restart" || a.People != 2 || a.Connections != 3 || a.Stop != 3 || a.Again != 0 {
		t.Errorf("got %+v", a)
	}
	before := s.Rows()
	for _, consent := range []vpn.Consent{{}, {Announced: "restart", Word: "replace"}, {Announced: a.Kind(), Word: "Replace"}} {
		port.Consent = consent
		if _, err := s.Endpoints.EditEndpoint(ctx, s.Admin, id, port); err == nil || s.Rows() != before {
			t.Errorf("%+v: got %v; changed: %t", consent, err, s.Rows() != before)
		}
	}
	// More people do not change what it does.
	s.connect("carol", time.Minute)
	port.Consent = vpn.Consent{Announced: a.Kind(), Word: "replace"}
	done, err := s.Endpoints.EditEndpoint(ctx, s.Admin, id, port)
	s.Must(err)
	if done.Did.People != 3 || done.Endpoint.Listen.Port != 1194 || done.Endpoint.PushGeneration != 0 {
		t.Errorf("got %+v", done)
	}
	// The files of the old port work again with it.
	back := s.edit(func(in *vpn.EndpointEdit) { in.Port = "443" })
	if a := s.announced(back); a.Stop != 0 || a.Again != 3 {
		t.Errorf("back: got %+v", a)
	}
}

func TestReconnectIsAChoice(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	ctx, id := t.Context(), s.Endpoint.ID
	split := func(on bool) vpn.EndpointEdit { return s.edit(func(in *vpn.EndpointEdit) { in.SplitTunnel = on }) }
	in := split(true) // with no client there is nothing to announce
	_, err := s.Endpoints.EditEndpoint(ctx, s.Admin, id, in)
	s.Must(err)
	s.connect("alice", time.Hour)
	in = split(false)
	_, err = s.Endpoints.EditEndpoint(ctx, s.Admin, id, in) // alice came after the form
	if !errors.Is(err, vpn.ErrUnannounced) {
		t.Errorf("got %v", err)
	}
	in.Consent = vpn.Consent{Announced: s.announced(in).Kind()}
	done, err := s.Endpoints.EditEndpoint(ctx, s.Admin, id, in)
	s.Must(err)
	if done.Endpoint.PushGeneration != 0 {
		t.Errorf("on their next connection: got generation %d", done.Endpoint.PushGeneration)
	}
	in = split(true)
	in.Consent = vpn.Consent{Announced: "next", Reconnect: true}
	done, err = s.Endpoints.EditEndpoint(ctx, s.Admin, id, in)
	s.Must(err)
	if done.Endpoint.PushGeneration != done.Endpoint.Generation {
		t.Errorf("now: got generation %d of %d", done.Endpoint.PushGeneration, done.Endpoint.Generation)
	}
	s.Reconcile()
	if d := s.Dataplane.Desired[id]; d.PushGeneration != done.Endpoint.PushGeneration {
		t.Errorf("the dataplane is told generation %d", d.PushGeneration)
	}
}

// A shorter session timeout ends the sessions that are older.
func TestShorterTimeoutIsAnnounced(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	s.connect("alice", 9*time.Hour)
	s.connect("bob", time.Hour)
	a := s.announced(s.edit(func(in *vpn.EndpointEdit) { in.SessionTimeout = 8 * time.Hour }))
	if a.Kind() != "end" || a.Older != 1 || a.EndsOlder != 8*time.Hour {
		t.Errorf("got %+v", a)
	}
}

// Each download is recorded with who, when and what it works with; old rows are purged.
func TestDownloadsAreRecorded(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	ctx, id := t.Context(), s.Endpoint.ID
	_, err := s.Endpoints.ClientConfiguration(ctx, s.Admin, id, s.Alice.ID)
	s.Must(err)
	_, err = s.Endpoints.ConfigurationPreview(ctx, s.Admin, id)
	s.Must(err)
	_, err = s.Endpoints.ClientConfiguration(ctx, s.ReadOnly, id, "")
	s.WantKind("a read-only account", err, vpn.Denied, "read-only")
	rows := s.Query("SELECT endpoint_id, revision, certificate_id, downloaded_by FROM profile_download")
	want := strings.Join([]string{string(id), s.View().Side().Revision(), string(s.Alice.ID), "admin"}, " | ")
	if len(rows) != 1 || rows[0] != want {
		t.Errorf("got %q, want %q", rows, want)
	}
}

// A new key makes the files of the old one useless, with the word and never without. The trail has who did it, and no
// key.
func TestRotateKey(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	ctx, id := t.Context(), s.Endpoint.ID
	_, err := s.Endpoints.ClientConfiguration(ctx, s.Admin, id, "")
	s.Must(err)
	s.connect("alice", time.Hour)
	before := s.View()
	a, err := s.Endpoints.AnnounceKeyRotation(ctx, s.Admin, id)
	s.Must(err)
	if a.Kind() != "files restart" || a.Stop != 1 || a.People != 1 {
		t.Errorf("got %+v", a)
	}
	rows := s.Rows()
	_, err = s.Endpoints.RotateKey(ctx, s.Admin, id, before.Version, vpn.Consent{Announced: a.Kind()})
	if vpn.FieldsOf(err)["confirm"] == "" || s.Rows() != rows {
		t.Errorf("without the word: got %v", err)
	}
	consent := vpn.Consent{Announced: a.Kind(), Word: "replace"}
	_, err = s.Endpoints.RotateKey(ctx, s.Admin, id, before.Version-1, consent)
	s.WantKind("from an old page", err, vpn.Stale, "Another administrator")
	_, err = s.Endpoints.RotateKey(ctx, s.Admin, id, before.Version, consent)
	s.Must(err)
	now := s.View()
	if now.TLSCrypt == before.TLSCrypt || now.Generation != before.Generation+1 || now.TokenSecret != before.TokenSecret {
		t.Error("the key is the same, or more than the key changed")
	}
	if r := s.LastAudit(); r.Action != vpn.RotateClientVpnEndpointKey || r.Actor != "admin" || strings.Contains(r.Before+r.After, "STATIC") || strings.Contains(r.After, "BEGIN") {
		t.Errorf("audit %+v", r)
	}
	s.Reconcile()
	if s.Dataplane.Desired[id].Keys.TLSCrypt != now.TLSCrypt {
		t.Error("the dataplane has the old key")
	}
}
