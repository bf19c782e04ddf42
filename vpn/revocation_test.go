package vpn

import (
	"testing"
	"time"
)

// A root that another root has certified as well is an authority in between for an endpoint that trusts the other root alone, and the
// client sends its certificate: what the list of that root says of its clients holds there too.
func TestRevocationBelowCrossCertificate(t *testing.T) {
	t.Parallel()
	const long = "123456789012345678901234567890"
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		serial, keyID string
		want          bool
	}{
		{long, "", true},
		{"2", "", false}, // another authority below the root may have issued a number 2
		{"2", "0d", true},
		{"2", "0e", false},
		{long, "0e", true},
	} {
		login := Authorities{"new root": "new key"}.Verify(LoginRequest{
			Serial: c.serial, Issuer: "cross certificate",
			Chain: []ChainCertificate{{Serial: "77", Fingerprint: "cross certificate", KeyID: c.keyID}, {Serial: "1", Fingerprint: "new root"}},
		})
		lists := Revocations{
			Entries: []Revocation{{CertificateNumber: CertificateNumber{IssuerKey: "old key", Serial: c.serial}, Reason: ReasonKeyCompromise}},
			Lists:   []RevocationList{{IssuerKey: "old key", KeyIDs: "0c 0d", SelfSigned: true, Imported: true, NextUpdate: now.Add(time.Hour)}},
		}
		if refused := lists.Refuse(login, now) != nil; refused != c.want {
			t.Errorf("serial number %s, key identifier %q: refused %t, want %t", c.serial, c.keyID, refused, c.want)
		}
	}
}

// The expired list of an authority that only the client sends stops its clients, and those of no other authority.
func TestExpiredListOfSentAuthority(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	lists := Revocations{Lists: []RevocationList{{IssuerKey: "key", KeyIDs: "0c 0d", Authority: "Between", Imported: true, NextUpdate: now.Add(-time.Hour)}}}
	for id, want := range map[string]bool{"0d": true, "0e": false, "": false} {
		for depth := range 2 { // of the client's own certificate, and of one above it
			chain := []ChainCertificate{{Serial: "3", Fingerprint: "sent", KeyID: id}, {Serial: "1", Fingerprint: "root"}}
			if depth == 1 {
				chain = append([]ChainCertificate{{Serial: "4", Fingerprint: "also sent", KeyID: "0f"}}, chain...)
			}
			refused := lists.Refuse(Authorities{"root": "root key"}.Verify(LoginRequest{Serial: "2", Issuer: chain[0].Fingerprint, Chain: chain}), now)
			if (refused != nil) != want || want && refused.Code != CodeRevocationListExpired {
				t.Errorf("key identifier %q, %d authorities above: %v", id, depth+1, refused)
			}
		}
	}
}

// A client comes by the closest of the authorities above its certificate.
func TestAuthorityOf(t *testing.T) {
	t.Parallel()
	above := []CertificateNumber{{IssuerKey: "between"}, {IssuerKey: "root"}}
	for _, c := range []struct {
		issuer string
		of     []string
		want   string
	}{
		{"root", []string{"root", "new"}, "root"}, {"", []string{"root", "new"}, "root"}, {"", []string{"root", "between"}, "between"},
		{"", []string{"new"}, ""}, {"", []string{""}, ""},
	} {
		if got := AuthorityOf(c.issuer, above, c.of...); got != c.want {
			t.Errorf("issuer %q among %v: %q, want %q", c.issuer, c.of, got, c.want)
		}
	}
}
