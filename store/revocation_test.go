package store

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"testing"
	"time"

	"sallyport/vpn"
)

func testRevocation(t *testing.T, s *Store) {
	number := func(key, serial string) vpn.CertificateNumber {
		return vpn.CertificateNumber{IssuerKey: key, Serial: serial}
	}
	a := vpn.Revocation{CertificateNumber: number("k", "10"), Reason: vpn.ReasonHold, At: at.UTC(), By: "admin", CommonName: "alice", NotAfter: at.UTC().Add(time.Hour)}
	b := vpn.Revocation{CertificateNumber: number("k", "340282366920938463463374607431768211455"), Reason: vpn.ReasonKeyCompromise, At: time.Date(1950, 1, 1, 0, 0, 0, 0, time.UTC)}
	c := vpn.Revocation{CertificateNumber: number("other", "10"), Reason: vpn.ReasonSuperseded, At: at.UTC().Add(time.Second)}
	var many []vpn.Revocation
	for n := range 2*batch + 1 {
		many = append(many, vpn.Revocation{CertificateNumber: number("many", fmt.Sprint(1000+n)), Reason: vpn.ReasonUnspecified, At: at.UTC()})
	}
	saveRevocations(t, s, append(many, a, b, c)...)
	view(t, s, func(ctx context.Context, x *Tx) error {
		same(t, "number", must[int](t)(x.CountRevocations(ctx, "many")), len(many))
		return nil
	})
	update(t, s, func(ctx context.Context, tx *Tx) error {
		_, err := tx.DeleteRevocationList(ctx, "many")
		return err
	})
	held := a
	held.Reason, held.By = vpn.ReasonSuperseded, ""
	update(t, s, func(ctx context.Context, tx *Tx) error { return tx.SaveRevocations(ctx, held) }) // known already: replaced
	l := vpn.RevocationList{
		IssuerKey: "k", Authority: "Our CA", Fingerprint: "AA", SelfSigned: true, Imported: true, Number: "99999999999999999999999999", ThisUpdate: at.UTC(), NextUpdate: at.UTC().Add(time.Hour),
		Entries: 2, SavedAt: at.UTC(), SavedBy: "admin",
	}
	ours := vpn.RevocationList{IssuerKey: "other", Authority: "Other CA", NextUpdate: at.UTC().Add(-time.Hour), Unsigned: true, SavedAt: at.UTC()}
	update(t, s, func(ctx context.Context, tx *Tx) error {
		if err := tx.SaveRevocationList(ctx, ours, nil); err != nil {
			return err
		}
		return tx.SaveRevocationList(ctx, l, []byte{0, 1, 0xff})
	})
	view(t, s, func(ctx context.Context, x *Tx) error {
		same(t, "one", must[vpn.Revocation](t)(x.Revocation(ctx, held.CertificateNumber)), held)
		_, err := x.Revocation(ctx, number("other", "11"))
		wantKind(t, "not revoked", err, vpn.NotFound)
		same(t, "in their order", must[[]vpn.Revocation](t)(x.AllRevocations(ctx, "k")), []vpn.Revocation{held, b})
		serials := func(p vpn.Page[vpn.Revocation]) []string {
			return names(p.Items, func(r vpn.Revocation) string { return r.Serial })
		}
		for name, want := range map[string]struct {
			list vpn.List
			want []string
		}{
			"newest first":     {vpn.List{}, []string{"10", b.Serial}},
			"oldest first":     {vpn.List{Sort: "at"}, []string{b.Serial, "10"}},
			"by hexadecimal":   {vpn.List{Search: "FFFFFFFFFF"}, []string{b.Serial}},
			"by common name":   {vpn.List{Search: "ALI"}, []string{"10"}},
			"by reason":        {vpn.List{Filter: map[string]string{"reason": "keyCompromise"}}, []string{b.Serial}},
			"of another board": {vpn.List{Search: "10", Filter: map[string]string{"reason": "certificateHold"}}, []string{}},
		} {
			same(t, name, serials(must[vpn.Page[vpn.Revocation]](t)(x.Revocations(ctx, "k", want.list))), want.want)
		}
		same(t, "list", must[vpn.RevocationList](t)(x.RevocationList(ctx, "k")), l)
		same(t, "lists, the one that ends first", must[[]vpn.RevocationList](t)(x.RevocationLists(ctx)), []vpn.RevocationList{ours, l})
		same(t, "lists that end or wait", must[[]vpn.RevocationList](t)(x.RevocationListsEnding(ctx, at)), []vpn.RevocationList{ours})
		same(t, "file", must[[]byte](t)(x.RevocationListFile(ctx, "k")), []byte{0, 1, 0xff})
		_, err = x.RevocationListFile(ctx, "other")
		wantKind(t, "no file", err, vpn.NotFound)

		found := must[vpn.Revocations](t)(x.RevocationsOf(ctx, number("", "10"), number("", ""), number("", "10")))
		same(t, "by serial number", found.Entries, []vpn.Revocation{held, c})
		same(t, "lists of those", len(found.Lists), 2)
		login := vpn.LoginRequest{Serial: "5", Chain: []vpn.ChainCertificate{{Serial: b.Serial}}}
		for when, lists := range map[time.Time]int{at: 1, at.Add(2 * time.Hour): 2} { // the list of the entry, and again as one that has expired
			barred := must[vpn.Barred](t)(x.BarredFor(ctx, when, login))
			same(t, "against a login", barred.Revocations.Entries, []vpn.Revocation{b})
			same(t, "lists against a login", len(barred.Revocations.Lists), lists)
		}
		return nil
	})
	update(t, s, func(ctx context.Context, tx *Tx) error {
		l.Entries, l.Unsigned = 3, true
		if err := tx.SaveRevocationList(ctx, l, nil); err != nil { // keeps the file
			return err
		}
		return tx.DeleteRevocations(ctx, "k", "10", "11")
	})
	view(t, s, func(ctx context.Context, x *Tx) error {
		same(t, "changed list", must[vpn.RevocationList](t)(x.RevocationList(ctx, "k")), l)
		same(t, "its file", len(must[[]byte](t)(x.RevocationListFile(ctx, "k"))), 3)
		same(t, "left", must[[]vpn.Revocation](t)(x.AllRevocations(ctx, "k")), []vpn.Revocation{b})
		same(t, "of the other authority", must[[]vpn.Revocation](t)(x.AllRevocations(ctx, "other")), []vpn.Revocation{c})
		return nil
	})
	update(t, s, func(ctx context.Context, tx *Tx) error { return tx.SaveRevocations(ctx, a) })
	update(t, s, func(ctx context.Context, tx *Tx) error {
		same(t, "purged", must[map[string]int](t)(tx.PurgeRevocations(ctx, at.Add(2*time.Hour), 10)), map[string]int{"k": 1})
		_, err := tx.DeleteRevocationList(ctx, "k")
		return err
	})
	view(t, s, func(ctx context.Context, x *Tx) error {
		same(t, "without the list", must[int](t)(x.CountRevocations(ctx, "k")), 0)
		_, err := x.RevocationListFile(ctx, "k")
		wantKind(t, "file of a deleted list", err, vpn.NotFound)
		return nil
	})
	wantKind(t, "deleted twice", attempt(t, s, func(ctx context.Context, x *Tx) error { _, err := x.DeleteRevocationList(ctx, "k"); return err }), vpn.NotFound)
}

// The state revoked is that of each certificate on the list of its own issuer, however short its serial number is.
func testRevokedCertificates(t *testing.T, s *Store) {
	issuer := func() string {
		key := must[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
		of := &x509.Certificate{SerialNumber: big.NewInt(1)}
		return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: must[[]byte](t)(x509.CreateCertificate(rand.Reader, of, of, key.Public(), key))}))
	}
	one, two := issuer(), issuer()
	long := "340282366920938463463374607431768211455"
	for n, c := range []vpn.Certificate{
		{Name: "short", Serial: "7", Chain: one}, {Name: "same number of another", Serial: "7", Chain: two}, {Name: "without chain", Serial: "7"}, {Name: "other number", Serial: "8", Chain: one}, {Name: "long", Serial: long, Chain: two},
	} {
		c.ID, c.Use, c.Fingerprint, c.NotBefore, c.NotAfter, c.PEM = vpn.NewCertificateID(), vpn.UseClient, fmt.Sprint("AA:", n), at, at.Add(9999*time.Hour), "PEM"
		update(t, s, func(ctx context.Context, tx *Tx) error { return tx.CreateCertificate(ctx, c, "") })
	}
	key := func(text string) string { b, _ := pem.Decode([]byte(text)); return vpn.KeyDigest(b.Bytes) }
	saveRevocations(t, s, vpn.Revocation{CertificateNumber: vpn.CertificateNumber{IssuerKey: key(one), Serial: "7"}}, vpn.Revocation{CertificateNumber: vpn.CertificateNumber{IssuerKey: key(two), Serial: long}})
	view(t, s, func(ctx context.Context, x *Tx) error {
		for state, want := range map[string][]string{"revoked": {"long", "short"}, "expired": {}, "": {"long", "other number", "same number of another", "short", "without chain"}} {
			p := must[vpn.Page[vpn.Certificate]](t)(x.Certificates(ctx, vpn.List{Filter: map[string]string{"state": state}}))
			same(t, "state "+state, names(p.Items, func(c vpn.Certificate) string { return c.Name }), want)
		}
		valid := 0
		for _, state := range []string{"valid", "expires soon"} {
			valid += must[vpn.Page[vpn.Certificate]](t)(x.Certificates(ctx, vpn.List{Filter: map[string]string{"state": state}})).Total
		}
		if expired := must[vpn.Page[vpn.Certificate]](t)(x.Certificates(ctx, vpn.List{Filter: map[string]string{"state": "expired"}})).Total; valid+expired != 3 {
			t.Errorf("%d are valid and %d expired, want 3 in all", valid, expired)
		}
		return nil
	})
}

// saveRevocations saves revocations, with lists of their authorities.
func saveRevocations(t *testing.T, s *Store, rs ...vpn.Revocation) {
	t.Helper()
	update(t, s, func(ctx context.Context, tx *Tx) error {
		seen := map[string]bool{}
		for _, r := range rs {
			if seen[r.IssuerKey] {
				continue
			}
			seen[r.IssuerKey] = true
			if err := tx.SaveRevocationList(ctx, vpn.RevocationList{IssuerKey: r.IssuerKey}, nil); err != nil {
				return err
			}
		}
		return tx.SaveRevocations(ctx, rs...)
	})
}

// Entries are in force with the generation of their list alone, and a number outlives its list.
func testRevocationGeneration(t *testing.T, s *Store) {
	const key, other = "key-1", "key-2"
	entry := func(of, serial string) vpn.Revocation {
		return vpn.Revocation{CertificateNumber: vpn.CertificateNumber{IssuerKey: of, Serial: serial}, Reason: vpn.ReasonSuperseded, At: at.UTC()}
	}
	inForce := func(when string, want int) {
		t.Helper()
		view(t, s, func(ctx context.Context, x *Tx) error {
			same(t, when+": count", must[int](t)(x.CountRevocations(ctx, key)), want)
			same(t, when+": list", len(must[[]vpn.Revocation](t)(x.AllRevocations(ctx, key))), want)
			same(t, when+": page", must[vpn.Page[vpn.Revocation]](t)(x.Revocations(ctx, key, vpn.List{})).Total, want)
			same(t, when+": of a login", len(must[vpn.Revocations](t)(x.RevocationsOf(ctx, vpn.CertificateNumber{Serial: "1"}, vpn.CertificateNumber{Serial: "2"})).Entries), want+1)
			return nil
		})
	}
	var staged, before int64
	update(t, s, func(ctx context.Context, x *Tx) (err error) {
		for _, of := range []string{key, other} {
			if err := x.SaveRevocationList(ctx, vpn.RevocationList{IssuerKey: of, Number: "9"}, nil); err != nil {
				return err
			}
			if err := x.SaveRevocations(ctx, entry(of, "1")); err != nil {
				return err
			}
		}
		if staged, err = x.NewGeneration(ctx, key); err != nil {
			return err
		}
		return x.StageRevocations(ctx, staged, entry(key, "1"), entry(key, "2"))
	})
	inForce("staged", 1)
	update(t, s, func(ctx context.Context, x *Tx) error { // a list that is saved again keeps its entries
		return x.SaveRevocationList(ctx, vpn.RevocationList{IssuerKey: key, Number: "10"}, nil)
	})
	inForce("saved", 1)
	update(t, s, func(ctx context.Context, x *Tx) (err error) {
		before, err = x.UseGeneration(ctx, key, staged)
		return err
	})
	inForce("in use", 2)
	later := s.options.Now().Add(time.Hour)
	view(t, s, func(ctx context.Context, x *Tx) error {
		same(t, "unused, young", len(must[[]RevocationGeneration](t)(x.UnusedGenerations(ctx, later.Add(-48*time.Hour)))), 0)
		same(t, "unused", must[[]RevocationGeneration](t)(x.UnusedGenerations(ctx, later)), []RevocationGeneration{{IssuerKey: key, Generation: before}})
		return nil
	})
	update(t, s, func(ctx context.Context, x *Tx) error {
		same(t, "purged of what is in force", must[int](t)(x.PurgeGeneration(ctx, key, staged, 10)), 0)
		same(t, "purged", must[int](t)(x.PurgeGeneration(ctx, key, before, 10)), 1)
		same(t, "generation", must[int64](t)(x.DeleteRevocationList(ctx, key)), staged)
		return nil
	})
	inForce("deleted", 0)
	update(t, s, func(ctx context.Context, x *Tx) error {
		same(t, "number", must[vpn.RevocationList](t)(x.FormerList(ctx, key)).Number, "10")
		same(t, "purged after the list", must[int](t)(x.PurgeGeneration(ctx, key, staged, 10)), 2)
		return x.SaveRevocationList(ctx, vpn.RevocationList{IssuerKey: key, Number: "3", ThisUpdate: later.Truncate(time.Microsecond)}, nil)
	})
	inForce("begun again", 0)
	view(t, s, func(ctx context.Context, x *Tx) error {
		same(t, "former list", must[vpn.RevocationList](t)(x.FormerList(ctx, key)), vpn.RevocationList{Number: "10", ThisUpdate: later.Truncate(time.Microsecond)})
		return nil
	})
}
