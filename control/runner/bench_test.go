package runner_test

import (
	"fmt"
	"math/big"
	"slices"
	"syscall"
	"testing"
	"time"

	"sallyport/control/controltest"
	"sallyport/store"
	"sallyport/vpn"
)

// together is how many logins are decided at once.
const together = 5

// crowd is clients of a site that log in together, and leave.
type crowd struct {
	s   *controltest.Site
	seq uint64
}

func (c *crowd) numbered(e vpn.Event) vpn.Event {
	c.seq++
	e.Seq = c.seq
	return e
}

// round has them log in by certificate, connect and leave.
func (c *crowd) round(b *testing.B) {
	b.Helper()
	s := c.s
	var logins []*vpn.LoginRequest
	for i := range together {
		r := s.Login(fmt.Sprintf("user%d", i))
		r.ID = fmt.Sprintf("login-%d-%d", c.seq, i)
		r.Serial, r.Fingerprint, r.Issuer = s.Alice.Serial, vpn.BareFingerprint(s.Alice.Fingerprint), vpn.BareFingerprint(s.CA.Fingerprint)
		r.Chain = []vpn.ChainCertificate{{Serial: s.CA.Serial, Fingerprint: r.Issuer}}
		logins = append(logins, r)
	}
	s.AddLogins(logins...)
	var events []vpn.Event
	for _, d := range s.Dataplane.Decisions {
		events = append(events, c.numbered(vpn.Event{Established: &vpn.Established{Connection: d.Connection, Endpoint: s.Endpoint.ID, Association: s.Association.ID}}))
	}
	s.AddEvents(events...)
	events = events[:0]
	for _, d := range s.Dataplane.Decisions {
		if !d.Allow {
			b.Fatal(d.Reason)
		}
		events = append(events, c.numbered(vpn.Event{Ended: &vpn.Ended{Connection: d.Connection, Endpoint: s.Endpoint.ID, Reason: "The client left."}}))
	}
	s.AddEvents(events...)
	s.Dataplane.Do(func() { s.Dataplane.Decisions, s.Dataplane.EventLog, s.Dataplane.WaitingLogins = nil, nil, nil })
}

// What web spends on logins by certificate that are decided together, five at a time as they come in a crowd, and on the
// events of their connections.
func BenchmarkLogins(b *testing.B) {
	c := &crowd{s: controltest.NewAssociatedSite(b)}
	began := processorTime(b)
	for b.Loop() {
		c.round(b)
	}
	b.ReportMetric((processorTime(b)-began)/float64(b.N)/together*1000, "cpu_ms/login")
}

// What logins cost where the client authority has a revocation list of 20,000 entries, as a multiple of what they cost with an empty list.
// Rounds of both are measured in turn, each on its own thread of execution, and their medians are compared: a collection of garbage or
// another process falls into single rounds of either.
func BenchmarkLoginsWithRevocationList(b *testing.B) {
	const rounds = 200
	var crowds [2]*crowd
	for i, entries := range []int{0, 20000} {
		crowds[i] = newCrowdWithList(b, entries)
	}
	var spent [2][]float64
	var waited [2][]float64
	for b.Loop() {
		for n := range rounds {
			for i := range crowds {
				i = (i + n) % 2
				began, at := processorTime(b), time.Now()
				crowds[i].round(b)
				spent[i] = append(spent[i], processorTime(b)-began)
				waited[i] = append(waited[i], time.Since(at).Seconds())
			}
		}
	}
	median := func(all []float64) float64 {
		slices.Sort(all)
		return all[len(all)/2] / together * 1000
	}
	empty, full := median(spent[0]), median(spent[1])
	b.ReportMetric(empty, "cpu_ms/login-empty")
	b.ReportMetric(full, "cpu_ms/login-20000")
	b.ReportMetric(full/empty, "ratio")
	b.ReportMetric(median(waited[1])/median(waited[0]), "ratio-of-time")
	b.ReportMetric(0, "ns/op")
}

// newCrowdWithList is a crowd whose client authority has a revocation list.
func newCrowdWithList(b *testing.B, entries int) *crowd {
	b.Helper()
	s := controltest.NewAssociatedSite(b)
	list := vpn.RevocationList{IssuerKey: s.CA.KeyDigest(), Authority: "Example CA", SelfSigned: true, Imported: true, Number: "1", ThisUpdate: s.Clock.Now(), NextUpdate: s.Clock.Now().Add(24 * time.Hour), Entries: entries}
	var all []vpn.Revocation
	for n := range entries {
		serial := new(big.Int).Add(new(big.Int).Lsh(big.NewInt(int64(n)*7919), 90), big.NewInt(int64(n)))
		all = append(all, vpn.Revocation{CertificateNumber: vpn.CertificateNumber{IssuerKey: list.IssuerKey, Serial: serial.String()}, Reason: vpn.ReasonSuperseded, At: s.Clock.Now()})
	}
	s.Must(s.Store.Update(b.Context(), func(tx *store.Tx) error {
		if err := tx.SaveRevocationList(b.Context(), list, nil); err != nil {
			return err
		}
		return tx.SaveRevocations(b.Context(), all...)
	}))
	return &crowd{s: s}
}

// processorTime is what this process has used, in seconds.
func processorTime(b *testing.B) float64 {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}
