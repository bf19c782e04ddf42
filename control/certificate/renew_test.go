package certificate_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"sallyport/control/certificate"
	"sallyport/store"
	"sallyport/vpn"
)

func (s *site) stored(id vpn.CertificateID) (c vpn.Certificate) {
	s.T.Helper()
	s.Must(s.Store.View(s.T.Context(), func(tx *store.Tx) (err error) { c, err = tx.Certificate(s.T.Context(), id); return err }))
	return c
}

func (s *site) generation() uint64 {
	s.T.Helper()
	var e vpn.Endpoint
	s.Must(s.Store.View(s.T.Context(), func(tx *store.Tx) (err error) { e, err = tx.Endpoint(s.T.Context(), s.Endpoint.ID); return err }))
	return e.Generation
}

// A renewed server certificate stays the same one; the endpoint applies it. What it does to connections is announced first.
func TestRenewServer(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	ctx := t.Context()
	before := s.generation()
	what, err := s.Certificates.AnnounceRenewal(ctx, s.Admin, s.Server.ID, certificate.RenewSpec{})
	s.Must(err)
	if what.Kind() != "" || len(what.Restart) != 1 || len(what.Files) != 0 {
		t.Errorf("without connections: %+v", what)
	}
	done, err := s.Certificates.RenewCertificate(ctx, s.Admin, s.Server.ID, certificate.RenewSpec{ValidDays: "400", NewKey: true})
	s.Must(err)
	now := s.stored(s.Server.ID)
	switch {
	case done.Certificate.ID != s.Server.ID || now.Fingerprint == s.Server.Fingerprint || now.CommonName != s.Server.CommonName || now.Name != s.Server.Name:
		t.Errorf("renewed: %+v", now)
	case now.NotAfter.Sub(s.Clock.Now()) < 399*24*time.Hour || now.Chain != s.Server.Chain || !now.HasKey:
		t.Errorf("ends %v", now.NotAfter)
	case s.generation() != before+1:
		t.Errorf("generation %d after %d", s.generation(), before)
	}
	s.Reconcile()
	if d := s.Dataplane.Desired[s.Endpoint.ID]; !strings.HasPrefix(d.Keys.Certificate, now.PEM) || d.Generation != before+1 {
		t.Error("the dataplane has another certificate")
	}
	s.WantBadInput("longer than the authority", "valid_days", func() error {
		_, err := s.Certificates.RenewCertificate(ctx, s.Admin, s.Server.ID, certificate.RenewSpec{ValidDays: "5000"})
		return err
	})
}

// A renewed authority keeps its key: what it issued stays valid, and the chains that are kept have the new certificate.
func TestRenewAuthority(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	before := s.generation()
	_, err := s.Certificates.RenewCertificate(t.Context(), s.Admin, s.CA.ID, certificate.RenewSpec{ValidDays: "4000"})
	s.Must(err)
	ca, server, alice := s.stored(s.CA.ID), s.stored(s.Server.ID), s.stored(s.Alice.ID)
	switch {
	case ca.PEM == s.CA.PEM || ca.KeyDigest() != s.CA.KeyDigest() || ca.Serial != s.CA.Serial:
		t.Errorf("authority %+v", ca)
	case server.Chain != ca.PEM || alice.Chain != ca.PEM || alice.PEM != s.Alice.PEM:
		t.Error("a chain has the authority of before")
	case s.generation() != before+1:
		t.Errorf("generation %d after %d", s.generation(), before)
	case alice.IssuerKey() != ca.KeyDigest():
		t.Error("blocks and revocations of what it issued are about another key")
	}
}

// A client gets a second certificate; the one of before is revoked where the administrator says so, and blocked where the list of its
// authority is made elsewhere.
func TestRenewClient(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	ctx := t.Context()
	first, err := s.Certificates.RenewCertificate(ctx, s.Admin, s.Alice.ID, certificate.RenewSpec{})
	s.Must(err)
	if c := first.Certificate; c.ID == s.Alice.ID || c.CommonName != "alice" || c.Authority != s.CA.ID || !s.stored(c.ID).HasKey || c.Serial == s.Alice.Serial {
		t.Errorf("renewed: %+v", c)
	}
	second, err := s.Certificates.RenewCertificate(ctx, s.Admin, first.Certificate.ID, certificate.RenewSpec{NewKey: true, EndOld: true})
	s.Must(err)
	state := func(id vpn.CertificateID) string {
		status, err := s.Certificates.Certificate(ctx, s.Admin, id)
		s.Must(err)
		switch {
		case status.Blocked != nil && status.Revoked == nil:
			return "blocked"
		case status.Revoked != nil && status.Blocked == nil:
			return string(status.Revoked.Reason)
		}
		return ""
	}
	for id, want := range map[vpn.CertificateID]string{s.Alice.ID: "", first.Certificate.ID: "superseded", second.Certificate.ID: ""} {
		if got := state(id); got != want {
			t.Errorf("%s is %q, want %q", id, got, want)
		}
	}
	if v := s.list(); v.List.Entries != 1 || v.List.Unsigned {
		t.Errorf("the list: %+v", v.List)
	}
	if d := s.login("1", first.Certificate); d.Code != vpn.CodeCertificateRevoked {
		t.Errorf("the one of before: %+v", d)
	}
	if d := s.login("2", second.Certificate); !d.Allow {
		t.Errorf("the new one: %+v", d)
	}
	again, err := s.Certificates.RenewCertificate(ctx, s.Admin, first.Certificate.ID, certificate.RenewSpec{EndOld: true}) // revoked already
	s.Must(err)
	if again.Certificate.KeyDigest() == first.Certificate.KeyDigest() {
		t.Error("a revoked certificate, whose key another person may have, is renewed with that key")
	}

	s = newAssociatedSite(t)
	_, err = s.Certificates.ImportRevocationList(ctx, s.Admin, s.CA.ID, s.listOf(1, time.Hour), false)
	s.Must(err)
	_, err = s.Certificates.RenewCertificate(ctx, s.Admin, s.Alice.ID, certificate.RenewSpec{EndOld: true})
	s.Must(err)
	if got := state(s.Alice.ID); got != "blocked" || !s.list().List.Imported {
		t.Errorf("with an imported list it is %q", got)
	}
}

// What has no key here is not renewed, and the refusal says where to.
func TestRenewIsRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ctx := t.Context()
	foreign, err := s.Certificates.ImportCertificate(ctx, s.Admin, certificate.ImportSpec{Name: "bare", Use: vpn.UseAuthority, Certificate: s.CA.PEM})
	s.Must(err)
	if _, err := s.Certificates.RenewCertificate(ctx, s.Admin, foreign.ID, certificate.RenewSpec{}); vpn.KindOf(err) != vpn.Conflict || !strings.Contains(err.Error(), "not stored here") {
		t.Errorf("got %v", err)
	}
	s.Clock.Pass(11 * 365 * 24 * time.Hour)
	if _, err := s.Certificates.RenewCertificate(ctx, s.Admin, s.Server.ID, certificate.RenewSpec{}); vpn.KindOf(err) != vpn.Conflict || !strings.Contains(err.Error(), "has expired. Renew it first.") {
		t.Errorf("got %v", err)
	}
}

// Server certificates renew themselves 30 days before their end, once, however many processes there are; with the setting off they
// do not, and they are named.
func TestRenewDue(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	ctx := t.Context()
	days := func(n int) { s.Clock.Pass(time.Duration(n) * 24 * time.Hour) }
	days(vpn.DefaultValidDays[vpn.UseServer] - 31)
	s.Must(s.Certificates.RenewDue(ctx))
	if s.stored(s.Server.ID).Fingerprint != s.Server.Fingerprint {
		t.Fatal("it renewed itself too early")
	}
	days(2)
	before := s.generation()
	renewItself := func(value string) {
		view, err := s.Settings.Settings(ctx, s.Admin)
		s.Must(err)
		values := map[string]string{}
		for _, k := range view.Settings {
			if values[k.Key] = k.Value; k.Key == "renew_certificates" {
				values[k.Key] = value
			}
		}
		s.Must(s.Settings.Save(ctx, s.Admin, view.Version, values, vpn.Consent{}))
	}
	renewItself("false")
	s.Must(s.Certificates.RenewDue(ctx))
	named, err := s.Certificates.Ending(ctx)
	s.Must(err)
	if s.stored(s.Server.ID).Fingerprint != s.Server.Fingerprint || len(named) != 1 || named[0].ID != s.Server.ID || len(named[0].UsedBy) != 1 {
		t.Errorf("with the setting off it renewed itself, or is not named: %+v", named)
	}
	renewItself("true")
	var all sync.WaitGroup
	failures := make([]error, 4)
	for i := range failures {
		all.Go(func() { failures[i] = s.Certificates.RenewDue(ctx) })
	}
	all.Wait()
	s.Must(errors.Join(failures...))
	renewed := s.stored(s.Server.ID)
	if renewed.Fingerprint == s.Server.Fingerprint || s.generation() != before+1 || renewed.NotAfter.Sub(s.Clock.Now()) < 800*24*time.Hour {
		t.Errorf("ends %v, generation %d after %d", renewed.NotAfter, s.generation(), before)
	}
	var audited int
	s.Must(s.Store.View(ctx, func(tx *store.Tx) error {
		page, err := tx.AuditRecords(ctx, vpn.List{Filter: map[string]string{"action": string(vpn.RenewCertificate)}})
		audited = page.Total
		return err
	}))
	if audited != 1 {
		t.Errorf("%d records in the audit trail", audited)
	}
	// Its authority, which ends by and by, does not.
	s.Clock.Pass(s.CA.NotAfter.Add(-20 * 24 * time.Hour).Sub(s.Clock.Now()))
	s.Must(s.Certificates.RenewDue(ctx))
	list, err := s.Certificates.Ending(ctx)
	s.Must(err)
	if len(list) != 1 || list[0].ID != s.CA.ID || len(list[0].UsedBy) != 1 {
		t.Errorf("ending: %+v", list)
	}
}
