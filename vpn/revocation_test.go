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
	for serial, want := range map[string]bool{long: true, "2": false} { // another authority below the root may have issued a number 2
		login := Authorities{"new root": "new key"}.Verify(LoginRequest{
			Serial: serial, Issuer: "cross certificate",
			Chain: []ChainCertificate{{Serial: "77", Fingerprint: "cross certificate"}, {Serial: "1", Fingerprint: "new root"}},
		})
		lists := Revocations{
			Entries: []Revocation{{CertificateNumber: CertificateNumber{IssuerKey: "old key", Serial: serial}, Reason: ReasonKeyCompromise}},
			Lists:   []RevocationList{{IssuerKey: "old key", SelfSigned: true, Imported: true, NextUpdate: now.Add(time.Hour)}},
		}
		if refused := lists.Refuse(login, now) != nil; refused != want {
			t.Errorf("serial number %s: refused %t, want %t", serial, refused, want)
		}
	}
}
