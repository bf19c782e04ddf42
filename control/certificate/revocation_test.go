package certificate_test

import (
	"context"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/control/certificate"
	"sallyport/pki"
	"sallyport/store"
	"sallyport/vpn"
)

// listOf signs a list of the site's authority as a program elsewhere would.
func (s *site) listOf(number int64, life time.Duration, serials ...string) string {
	s.T.Helper()
	return s.listBy(s.CA, number, life, serials...)
}

// listBy is the same of another authority.
func (s *site) listBy(ca vpn.Certificate, number int64, life time.Duration, serials ...string) string {
	s.T.Helper()
	pair, _, err := s.Certificates.ExportAuthorityKey(s.T.Context(), s.Admin, ca.ID)
	s.Must(err)
	var entries []vpn.Revocation
	for _, serial := range serials {
		entries = append(entries, vpn.Revocation{CertificateNumber: vpn.CertificateNumber{Serial: serial}, Reason: vpn.ReasonSuperseded, At: s.Clock.Now()})
	}
	signed, err := pki.Maker{}.SignRevocationList(pair, vpn.RevocationList{Number: fmt.Sprint(number), ThisUpdate: s.Clock.Now(), NextUpdate: s.Clock.Now().Add(life)}, entries)
	s.Must(err)
	return pki.Maker{}.EncodeRevocationList(signed.DER)
}

// login is one of a client with a certificate that the site's authority issued.
func (s *site) login(id string, c vpn.Certificate) vpn.LoginDecision {
	s.T.Helper()
	r := s.Login(c.CommonName)
	r.ID, r.Serial, r.Fingerprint, r.Issuer = id, c.Serial, vpn.BareFingerprint(c.Fingerprint), vpn.BareFingerprint(s.CA.Fingerprint)
	r.Chain = []vpn.ChainCertificate{{Serial: s.CA.Serial, Fingerprint: vpn.BareFingerprint(s.CA.Fingerprint)}}
	s.AddLogins(r)
	return s.Dataplane.Decisions[len(s.Dataplane.Decisions)-1]
}

func (s *site) establish(d vpn.LoginDecision) {
	s.T.Helper()
	s.AddEvents(vpn.Event{Established: &vpn.Established{Connection: d.Connection, Endpoint: s.Endpoint.ID, Association: s.Association.ID}})
}

func (s *site) list() certificate.RevocationView {
	s.T.Helper()
	v, err := s.Certificates.RevocationList(s.T.Context(), s.Admin, s.CA.ID, "", vpn.List{})
	s.Must(err)
	return v
}

// A certificate that is revoked here ends its connections, is refused with its own code and is on the signed list; a hold is
// taken back, and another reason is final.
func TestRevoke(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	ctx := t.Context()
	bob := s.Issue(vpn.UseClient, "bob")
	alice := s.login("1", s.Alice)
	s.establish(alice)
	s.establish(s.login("2", bob))
	p, err := s.Certificates.RevokePreview(ctx, s.Admin, s.Alice.ID)
	s.Must(err)
	if p.Connected != 1 || p.AsksKey || p.Refused != "" || p.Revoked {
		t.Errorf("preview %+v", p)
	}
	s.WantBadInput("without reason", "reason", func() error {
		_, err := s.Certificates.RevokeCertificate(ctx, s.Admin, s.Alice.ID, certificate.RevokeSpec{Reason: "removeFromCRL"})
		return err
	})
	n, err := s.Certificates.RevokeCertificate(ctx, s.Admin, s.Alice.ID, certificate.RevokeSpec{Reason: vpn.ReasonHold})
	s.Must(err)
	s.Reconcile()
	if got := s.Dataplane.Terminated; n != 1 || len(got) != 1 || got[0] != alice.Connection || !strings.Contains(s.Dataplane.Messages[0], "on hold") {
		t.Errorf("%d connections: terminated %v, told %v", n, got, s.Dataplane.Messages)
	}
	if rows := s.Query("SELECT ended_at FROM vpn_session WHERE common_name = 'alice' AND ended_at = 0"); len(rows) != 0 {
		t.Error("the session goes on")
	}
	if d := s.login("3", s.Alice); d.Allow || d.Code != vpn.CodeCertificateRevoked || !strings.Contains(d.Reason, "on hold") {
		t.Errorf("a certificate on hold: %+v", d)
	}
	v := s.list()
	der, published, err := s.Certificates.PublishedList(ctx, s.CA.ID)
	s.Must(err)
	read, err := pki.Maker{}.CheckRevocationList(string(der), s.CA.PEM, 10, s.Clock.Now())
	s.Must(err)
	if len(read.Entries) != 1 || read.Entries[0].Serial != s.Alice.Serial || !read.Entries[0].Hold() || v.List.Unsigned || published.Number != v.List.Number || len(v.Endpoints) != 1 {
		t.Errorf("the signed list has %+v; the page %+v", read, v)
	}
	s.Must(s.Certificates.ReleaseHold(ctx, s.Admin, s.CA.ID, "", s.Alice.Serial, ""))
	if d := s.login("4", s.Alice); !d.Allow {
		t.Errorf("released: %+v", d)
	}
	_, err = s.Certificates.RevokeCertificate(ctx, s.Admin, s.Alice.ID, certificate.RevokeSpec{Reason: vpn.ReasonKeyCompromise})
	s.Must(err)
	err = s.Certificates.ReleaseHold(ctx, s.Admin, s.CA.ID, "", s.Alice.Serial, "")
	s.WantKind("release of a lost key", err, vpn.Conflict, "final")
	_, err = s.Certificates.RevokeCertificate(ctx, s.Admin, s.Alice.ID, certificate.RevokeSpec{Reason: vpn.ReasonHold})
	s.WantKind("revoked twice", err, vpn.Conflict, "already")
	s.Must(s.Certificates.DeleteCertificate(ctx, s.Admin, s.Alice.ID))
	if d := s.login("5", s.Alice); d.Code != vpn.CodeCertificateRevoked {
		t.Errorf("deleted here: %+v", d)
	}
	if d := s.login("6", bob); !d.Allow {
		t.Errorf("bob: %+v", d)
	}
}

// The list is renewed long before its end; without the key it asks for it, warns, and the entries stay in force.
func TestListWithoutKey(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	ctx := t.Context()
	s.Must(s.Certificates.RenewLists(ctx))
	first := s.list().List
	s.Clock.Pass(40 * 24 * time.Hour)
	s.Must(s.Certificates.RenewLists(ctx))
	second := s.list().List
	if first.Number != "1" || second.Number != "2" || !second.NextUpdate.After(first.NextUpdate) {
		t.Errorf("renewed: %+v, then %+v", first, second)
	}
	s.Must(s.Certificates.RenewLists(ctx))
	if s.list().List != second {
		t.Error("it is renewed without need")
	}
	pair, _, err := s.Certificates.ExportAuthorityKey(ctx, s.Admin, s.CA.ID)
	s.Must(err)
	s.WantBadInput("another key", "private_key", func() error {
		other, err := pki.Maker{}.NewAuthority(vpn.CertificateSpec{CommonName: "x", KeyType: vpn.ECDSAP256, ValidFor: time.Hour}, s.Clock.Now())
		s.Must(err)
		return s.Certificates.ForgetAuthorityKey(ctx, s.Admin, s.CA.ID, other.Key.Reveal())
	})
	s.Must(s.Certificates.ForgetAuthorityKey(ctx, s.Admin, s.CA.ID, pair.Key.Reveal()))
	p, err := s.Certificates.RevokePreview(ctx, s.Admin, s.Alice.ID)
	s.Must(err)
	if !p.AsksKey || p.Refused != "" {
		t.Errorf("preview %+v", p)
	}
	_, err = s.Certificates.RevokeCertificate(ctx, s.Admin, s.Alice.ID, certificate.RevokeSpec{Reason: vpn.ReasonKeyCompromise})
	s.WantKind("without the key", err, vpn.Invalid, "")
	_, err = s.Certificates.RevokeCertificate(ctx, s.Admin, s.Alice.ID, certificate.RevokeSpec{Reason: vpn.ReasonKeyCompromise, PrivateKey: pair.Key.Reveal()})
	s.Must(err)
	if d := s.login("1", s.Alice); d.Code != vpn.CodeCertificateRevoked {
		t.Errorf("revoked with a pasted key: %+v", d)
	}
	if n := len(s.Certificates.ListTroubles(ctx)); n != 0 {
		t.Errorf("%d warnings a year before", n)
	}
	s.Clock.Pass(340 * 24 * time.Hour)
	s.Must(s.Certificates.RenewLists(ctx))
	if w := s.Certificates.ListTroubles(ctx); len(w) != 1 || w[0].Stage != 30 || !strings.Contains(w[0].Sentence, "key is not kept here") {
		t.Errorf("warnings %+v", w)
	}
	s.Clock.Pass(30 * 24 * time.Hour)
	if d := s.login("2", s.Issue2()); d.Code == vpn.CodeRevocationListExpired {
		t.Error("what is revoked here is known, whether the signed list has ended or not")
	}
}

// Issue2 is a certificate of the site's authority that was issued elsewhere.
func (s *site) Issue2() vpn.Certificate {
	return vpn.Certificate{CommonName: "carol", Serial: "12345678901234567890", Fingerprint: "ab", PEM: s.CA.PEM}
}

// An imported list ends what it revokes; an older one asks first; an expired one lets no client of its authority in.
func TestImportRevocationList(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	ctx := t.Context()
	bob := s.Issue(vpn.UseClient, "bob")
	empty, one := s.listOf(1, 30*24*time.Hour), s.listOf(2, 30*24*time.Hour, s.Alice.Serial, "77")
	alice := s.login("1", s.Alice)
	s.establish(alice)
	in := func(text string, older bool) error {
		_, err := s.Certificates.ImportRevocationList(ctx, s.Admin, s.CA.ID, text, older)
		return err
	}
	out, err := s.Certificates.ImportRevocationList(ctx, s.Admin, s.CA.ID, one, false)
	s.Must(err)
	if out.Added != 2 || out.Removed != 0 || out.Ended != 1 || out.List.Number != "2" {
		t.Errorf("got %+v", out)
	}
	s.Reconcile()
	if got := s.Dataplane.Terminated; len(got) != 1 || got[0] != alice.Connection {
		t.Errorf("terminated %v", got)
	}
	if d := s.login("2", s.Alice); d.Code != vpn.CodeCertificateRevoked {
		t.Errorf("on the list: %+v", d)
	}
	s.WantBadInput("an older list", "older", func() error { return in(empty, false) })
	s.Must(in(empty, true))
	if d := s.login("3", s.Alice); !d.Allow {
		t.Errorf("not on the older list: %+v", d)
	}
	for _, search := range []string{"77", "4D"} {
		s.Must(in(one, false))
		v, err := s.Certificates.RevocationList(ctx, s.Admin, s.CA.ID, "", vpn.List{Search: search})
		s.Must(err)
		if len(v.Entries.Items) == 0 || v.Entries.Items[0].Serial != "77" && len(v.Entries.Items) != 2 {
			t.Errorf("search for %s: %+v", search, v.Entries.Items)
		}
	}
	live := s.login("4", bob)
	s.establish(live)
	for _, days := range []int{2, 15, 8, 4} { // to 30, 14, 7 and 1 days before the end, and beyond
		s.Clock.Pass(time.Duration(days) * 24 * time.Hour)
		if len(s.Certificates.ListTroubles(ctx)) != 1 {
			t.Errorf("no warning %v before the end", s.list().List.Days(s.Clock.Now()))
		}
	}
	s.Clock.Pass(2 * 24 * time.Hour)
	if d := s.login("5", bob); d.Allow || d.Code != vpn.CodeRevocationListExpired {
		t.Errorf("an expired list: %+v", d)
	}
	if c := s.Connection(live.Connection); c.Status != vpn.ConnectionActive {
		t.Errorf("a connection from before: %+v", c)
	}
	s.Must(s.Certificates.DeleteRevocationList(ctx, s.Admin, s.CA.ID, ""))
	if d := s.login("6", bob); !d.Allow {
		t.Errorf("without a list: %+v", d)
	}
	former := s.listOf(1, time.Hour)
	s.WantBadInput("older than the one that was removed", "older", func() error { return in(former, false) })
	s.Must(in(former, true))
	s.Must(s.Certificates.DeleteRevocationList(ctx, s.Admin, s.CA.ID, ""))
	s.Must(s.Certificates.RenewLists(ctx))
	_, err = s.Certificates.RevokeCertificate(ctx, s.Admin, s.Alice.ID, certificate.RevokeSpec{Reason: vpn.ReasonUnspecified})
	s.Must(err)
	s.WantKind("an import over what is revoked here", in(s.listOf(99, time.Hour), false), vpn.Invalid, "")
}

// A list that was imported is made here only where the administrator says so, with the devices that were revoked meanwhile; what is on it
// stays, and its number never goes back, not even after the list was removed.
func TestImportedListIsTakenOver(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	ctx := t.Context()
	bob := s.Issue(vpn.UseClient, "bob")
	importIn := func(number int64) {
		_, err := s.Certificates.ImportRevocationList(ctx, s.Admin, s.CA.ID, s.listOf(number, time.Hour, bob.Serial), false)
		s.Must(err)
	}
	importIn(7)
	s.Must(s.Certificates.DeleteRevocationList(ctx, s.Admin, s.CA.ID, ""))
	s.WantKind("another authority", s.Certificates.SignRevocationList(ctx, s.Admin, s.CA.ID, "unknown", ""), vpn.NotFound, "no authority")
	s.Must(s.Certificates.RenewLists(ctx))
	if l := s.list().List; l.Imported || l.Number != "8" || l.Entries != 0 {
		t.Errorf("after the list was removed: %+v", l)
	}
	importIn(12)
	d := vpn.Device{
		ID: vpn.NewDeviceID(), Authority: s.CA.ID, Serial: "123456789012345678901", Fingerprint: "de", IssuerKey: s.CA.KeyDigest(), NotAfter: s.CA.NotAfter,
		CreatedAt: s.Clock.Now(), Name: "laptop", Endpoint: s.Endpoint.ID,
	}
	s.Must(s.Store.Update(ctx, func(tx *store.Tx) error {
		if err := tx.CreateDevice(ctx, d); err != nil {
			return err
		}
		d.Revoke("carol", vpn.DeviceRemoved, s.Clock.Now())
		if err := tx.SaveDeviceRevocation(ctx, d); err != nil {
			return err
		}
		_, err := certificate.RevokeIn(ctx, tx, d.Revocation())
		s.WantKind("a device below an imported list", err, vpn.Conflict, "was imported")
		return nil
	}))
	s.WantBadInput("without the word", "own", func() error {
		_, err := s.Certificates.RevokeCertificate(ctx, s.Admin, s.Alice.ID, certificate.RevokeSpec{Reason: vpn.ReasonKeyCompromise})
		return err
	})
	if l := s.list().List; !l.Imported || l.Number != "12" || l.Entries != 1 {
		t.Errorf("a refused revocation and a device: %+v", l)
	}
	_, err := s.Certificates.RevokeCertificate(ctx, s.Admin, s.Alice.ID, certificate.RevokeSpec{Reason: vpn.ReasonKeyCompromise, Own: true})
	s.Must(err)
	v := s.list()
	listed := map[string]bool{}
	for _, r := range v.Entries.Items {
		listed[r.Serial] = true
	}
	if l := v.List; l.Imported || l.Unsigned || l.Number != "13" || l.Entries != 3 || !listed[s.Alice.Serial] || !listed[bob.Serial] || !listed[d.Serial] {
		t.Errorf("taken over: %+v with %v", l, listed)
	}
	if status, err := s.Certificates.Certificate(ctx, s.Admin, s.CA.ID); err != nil || status.Devices != 1 {
		t.Errorf("%d devices, %v", status.Devices, err)
	}
}

// What ends with an authority in between ends with each certificate below it; a login through a copy of that authority that is
// not known is judged by the serial number.
func TestRevokedIntermediate(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	ctx := t.Context()
	below := func(id, intermediate string) vpn.LoginDecision {
		r := s.Login("dora")
		r.ID, r.Serial, r.Fingerprint, r.Issuer = id, "5", "d0", intermediate
		r.Chain = []vpn.ChainCertificate{{Serial: "600", Fingerprint: intermediate}, {Serial: s.CA.Serial, Fingerprint: vpn.BareFingerprint(s.CA.Fingerprint)}}
		s.AddLogins(r)
		return s.Dataplane.Decisions[len(s.Dataplane.Decisions)-1]
	}
	s.Exec("UPDATE endpoint SET client_ca_id = '" + string(s.CA.ID) + "'")
	d := below("1", "1d")
	s.establish(d)
	_, err := s.Certificates.ImportRevocationList(ctx, s.Admin, s.CA.ID, s.listOf(1, time.Hour, "600"), false)
	s.Must(err)
	s.Reconcile()
	if got := s.Dataplane.Terminated; !d.Allow || len(got) != 1 || got[0] != d.Connection || !strings.Contains(s.Dataplane.Messages[0], "The authority that issued") {
		t.Errorf("terminated %v, told %v", got, s.Dataplane.Messages)
	}
	if d := below("2", "2d"); d.Code != vpn.CodeCertificateRevoked {
		t.Errorf("another encoding of the intermediate: %+v", d)
	}
	rs := vpn.Revocations{Entries: []vpn.Revocation{{CertificateNumber: vpn.CertificateNumber{IssuerKey: "k", Serial: "5"}}}, Lists: []vpn.RevocationList{{IssuerKey: "k"}}}
	if _, _, found := rs.Find([]vpn.CertificateNumber{{Serial: "5"}}); !found {
		t.Error("a certificate of an unknown issuer gets around the list of an intermediate")
	}
	rs.Lists[0].SelfSigned = true
	if _, _, found := rs.Find([]vpn.CertificateNumber{{Serial: "5"}}); found {
		t.Error("the list of a root is taken for that of an unknown issuer")
	}
}

// A list from before key identifiers were kept gets those of its authority, and nothing else of it changes; that of an authority whose
// certificate is nowhere stays without.
func TestOldListsGetKeyIdentifiers(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	ctx := t.Context()
	_, err := s.Certificates.ImportRevocationList(ctx, s.Admin, s.CA.ID, s.listOf(7, time.Hour, "600", "601"), false)
	s.Must(err)
	before := s.list().List
	s.Must(s.Store.Update(ctx, func(tx *store.Tx) error {
		return tx.SaveRevocationList(ctx, vpn.RevocationList{IssuerKey: "of a certificate that is nowhere", Imported: true, SavedAt: s.Clock.Now()}, nil)
	}))
	s.Exec("UPDATE revocation_list SET key_ids = ''")
	s.Must(s.Certificates.RenewLists(ctx))
	if v := s.list(); before.KeyIDs == "" || v.List != before || v.Entries.Total != 2 {
		t.Errorf("got %+v with %d entries, want %+v", v.List, v.Entries.Total, before)
	}
	s.Must(s.Store.View(ctx, func(tx *store.Tx) error {
		l, err := tx.RevocationList(ctx, "of a certificate that is nowhere")
		if l.KeyIDs != "" {
			t.Errorf("an unknown authority has the key identifiers %q", l.KeyIDs)
		}
		return err
	}))
}

// Of two authorities of an endpoint, an expired list stops the clients of its own one alone, and both lists name the endpoint.
func TestExpiredListOfOneAuthority(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	ctx := t.Context()
	next, err := s.Certificates.CreateAuthority(ctx, s.Admin, certificate.AuthoritySpec{CommonName: "Next CA", KeyType: vpn.ECDSAP256})
	s.Must(err)
	dora, err := s.Certificates.IssueCertificate(ctx, s.Admin, certificate.IssueSpec{Authority: next.ID, Use: vpn.UseClient, CommonName: "dora", KeyType: vpn.ECDSAP256})
	s.Must(err)
	_, err = s.Endpoints.TrustAuthority(ctx, s.Admin, s.Endpoint.ID, 1, next.ID, vpn.Consent{})
	s.Must(err)
	s.Reconcile()
	second := func(id string) vpn.LoginDecision {
		r := s.Login("dora")
		r.ID, r.Serial, r.Fingerprint, r.Issuer = id, dora.Serial, vpn.BareFingerprint(dora.Fingerprint), vpn.BareFingerprint(next.Fingerprint)
		r.Chain = []vpn.ChainCertificate{{Serial: next.Serial, Fingerprint: vpn.BareFingerprint(next.Fingerprint)}}
		s.AddLogins(r)
		return s.Dataplane.Decisions[len(s.Dataplane.Decisions)-1]
	}
	if a, b := s.login("1", s.Alice), second("2"); !a.Allow || !b.Allow {
		t.Fatalf("both are trusted: %+v, %+v", a, b)
	}
	for ca, life := range map[*vpn.Certificate]time.Duration{&s.CA: 90 * 24 * time.Hour, &next: time.Hour} {
		_, err := s.Certificates.ImportRevocationList(ctx, s.Admin, ca.ID, s.listBy(*ca, 1, life), false)
		s.Must(err)
		if v, err := s.Certificates.RevocationList(ctx, s.Admin, ca.ID, "", vpn.List{}); err != nil || len(v.Endpoints) != 1 {
			t.Errorf("the list of %s is in force at %v, %v", ca.CommonName, v.Endpoints, err)
		}
	}
	lists, err := s.Endpoints.ClientLists(ctx, s.Admin, s.Endpoint.ID)
	if err != nil || len(lists) != 2 || lists[0].CA.ID != s.CA.ID || lists[1].CA.ID != next.ID || !lists[1].Present {
		t.Errorf("the lists of the endpoint: %+v, %v", lists, err)
	}
	s.Clock.Pass(2 * time.Hour)
	if d := s.login("3", s.Alice); !d.Allow {
		t.Errorf("a client of the other authority: %+v", d)
	}
	if d := second("4"); d.Allow || d.Code != vpn.CodeRevocationListExpired || !strings.Contains(d.Reason, "Next CA") {
		t.Errorf("a client of the expired list's authority: %+v", d)
	}
}

// A list of 20,000 entries is imported in short transactions, so that others write meanwhile, and again with what differs.
func TestImportLongList(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	serials := make([]string, 20000)
	for i := range serials {
		serials[i] = new(big.Int).Add(new(big.Int).Lsh(big.NewInt(1), 100), big.NewInt(int64(i))).String()
	}
	text := s.listOf(1, time.Hour, serials...)
	stop, waits := make(chan struct{}), make(chan []time.Duration)
	go func() {
		var all []time.Duration
		for {
			select {
			case <-stop:
				waits <- all
				return
			default:
			}
			begun := time.Now()
			if err := s.Store.Update(context.WithoutCancel(t.Context()), func(tx *store.Tx) error {
				return tx.SaveRevocationList(t.Context(), vpn.RevocationList{IssuerKey: "another"}, nil)
			}); err != nil {
				t.Error(err)
			}
			all = append(all, time.Since(begun))
		}
	}()
	begun := time.Now()
	out, err := s.Certificates.ImportRevocationList(t.Context(), s.Admin, s.CA.ID, text, false)
	s.Must(err)
	took := time.Since(begun)
	close(stop)
	others := <-waits
	slices.Sort(others)
	if len(others) < 20 {
		t.Errorf("%d other transactions were written in the %v of the import", len(others), took)
	}
	t.Logf("meanwhile %d other transactions, the longest %v, the median %v", len(others), others[len(others)-1], others[len(others)/2])
	begun = time.Now()
	again, err := s.Certificates.ImportRevocationList(t.Context(), s.Admin, s.CA.ID, s.listOf(2, time.Hour, serials[1:]...), false)
	s.Must(err)
	t.Logf("import of %d entries (%d KB of PEM): %v; with one entry less: %v", out.Added, len(text)>>10, took, time.Since(begun))
	if out.Added != 20000 || again.Added != 0 || again.Removed != 1 {
		t.Errorf("got %+v, then %+v", out, again)
	}
	s.Must(s.Store.View(t.Context(), func(tx *store.Tx) error {
		n, err := tx.CountRevocations(t.Context(), s.CA.KeyDigest())
		if n != 19999 {
			t.Errorf("%d entries are stored", n)
		}
		return err
	}))
}

// An import that ends in the middle changes nothing, and what it wrote is deleted; one that replaces a long list leaves none of its entries.
func TestImportIsAtomic(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	serials := make([]string, 3000)
	for i := range serials {
		serials[i] = new(big.Int).Add(new(big.Int).Lsh(big.NewInt(1), 100), big.NewInt(int64(i))).String()
	}
	rows := func() int { return len(s.Query("SELECT number FROM revocation")) }
	in := func(ctx context.Context, number int64, serials ...string) (certificate.ImportedList, error) {
		return s.Certificates.ImportRevocationList(ctx, s.Admin, s.CA.ID, s.listOf(number, 48*time.Hour, serials...), false)
	}
	_, err := in(t.Context(), 1, s.Alice.Serial)
	s.Must(err)
	// halfway does something in the database while an import is half written.
	halfway := func(do string) (remove func()) {
		s.Exec("CREATE TRIGGER halfway AFTER INSERT ON revocation WHEN NEW.serial = '" + serials[len(serials)/2] + "' BEGIN " + do + "; END")
		return func() { s.Exec("DROP TRIGGER halfway") }
	}
	remove := halfway("SELECT RAISE(ABORT, 'the database is gone')")
	if _, err := in(t.Context(), 2, serials...); err == nil {
		t.Fatal("the import was not stopped")
	}
	remove()
	check := func(when, number string, entries int, alice vpn.Code) {
		t.Helper()
		v := s.list()
		if v.List.Number != number || v.List.Entries != entries || v.Entries.Total != entries || rows() != entries {
			t.Errorf("%s: number %s with %d entries, %d are shown and %d stored; want number %s with %d", when, v.List.Number, v.List.Entries, v.Entries.Total, rows(), number, entries)
		}
		if d := s.login(when, s.Alice); d.Code != alice {
			t.Errorf("%s: %+v, want %q", when, d, alice)
		}
	}
	check("stopped", "1", 1, vpn.CodeCertificateRevoked)
	s.Must(s.Store.Update(t.Context(), func(tx *store.Tx) error { // as a process that was killed leaves it
		n, err := tx.NewGeneration(t.Context(), s.CA.KeyDigest())
		if err != nil {
			return err
		}
		return tx.StageRevocations(t.Context(), n, vpn.Revocation{CertificateNumber: vpn.CertificateNumber{IssuerKey: s.CA.KeyDigest(), Serial: serials[0]}})
	}))
	s.Must(s.Certificates.ClearUnused(t.Context()))
	if n := rows(); n != 2 {
		t.Errorf("%d entries are stored: an import may still run", n)
	}
	s.Clock.Pass(2 * time.Hour)
	s.Must(s.Certificates.ClearUnused(t.Context()))
	check("cleared", "1", 1, vpn.CodeCertificateRevoked)
	// Another process whose clock is ahead takes the entries for those of a stopped import.
	remove = halfway("DELETE FROM revocation WHERE generation <> (SELECT generation FROM revocation_list)")
	_, err = in(t.Context(), 3, serials...)
	s.WantKind("an import of which entries were deleted", err, vpn.Conflict, "")
	remove()
	s.Clock.Pass(2 * time.Hour)
	s.Must(s.Certificates.ClearUnused(t.Context()))
	check("deleted meanwhile", "1", 1, vpn.CodeCertificateRevoked)
	out, err := in(t.Context(), 3, serials...)
	s.Must(err)
	if out.Added != len(serials) || out.Removed != 1 {
		t.Errorf("got %+v", out)
	}
	check("replaced", "3", len(serials), "")
	_, err = in(t.Context(), 4, append([]string{s.Alice.Serial}, serials[:100]...)...)
	s.Must(err)
	check("replaced again", "4", 101, vpn.CodeCertificateRevoked)
	before := s.Query("SELECT generation FROM revocation_list")
	_, err = in(t.Context(), 5)
	s.Must(err)
	check("emptied", "5", 0, "")
	if now := s.Query("SELECT generation FROM revocation_list"); slices.Equal(now, before) {
		t.Error("the entries of a long list are deleted in the transaction that a login waits for")
	}
}

// An authority that has expired signs no list: its certificates can be revoked and its key forgotten all the same. One that was renewed
// elsewhere and imported beside the former one signs for both.
func TestListOfExpiredAuthority(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	ctx := t.Context()
	pair, _, err := s.Certificates.ExportAuthorityKey(ctx, s.Admin, s.CA.ID)
	s.Must(err)
	s.Clock.Pass(s.CA.NotAfter.Sub(s.Clock.Now()) + time.Hour)
	_, err = s.Certificates.RevokeCertificate(ctx, s.Admin, s.Alice.ID, certificate.RevokeSpec{Reason: vpn.ReasonKeyCompromise})
	s.Must(err)
	s.WantKind("signing", s.Certificates.SignRevocationList(ctx, s.Admin, s.CA.ID, "", ""), vpn.Conflict, "has expired")
	renewed, err := pki.Maker{}.Renew(vpn.KeyPair{}, pair, "", 3650*24*time.Hour, s.Clock.Now())
	s.Must(err)
	again, err := s.Certificates.ImportCertificate(ctx, s.Admin, certificate.ImportSpec{Name: "again", Use: vpn.UseAuthority, Certificate: renewed.Certificate, PrivateKey: renewed.Key.Reveal()})
	s.Must(err)
	s.Must(s.Certificates.RenewLists(ctx))
	if _, list, err := s.Certificates.PublishedList(ctx, again.ID); err != nil || list.Unsigned || list.Entries != 1 {
		t.Errorf("list %+v, %v", list, err)
	}
	s.Must(s.Certificates.ForgetAuthorityKey(ctx, s.Admin, s.CA.ID, pair.Key.Reveal()))
}
