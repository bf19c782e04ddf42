package certificate_test

import (
	"math/big"
	"runtime"
	"testing"
	"time"

	"sallyport/store"
	"sallyport/vpn"
)

// The import of a revocation list of 20,000 entries: how long it takes, the memory that is in use for it at most, and how long
// another transaction waits meanwhile at most.
func BenchmarkImportRevocationList(b *testing.B) {
	s := newAssociatedSite(b)
	serials := make([]string, 20000)
	for i := range serials {
		serials[i] = new(big.Int).Add(new(big.Int).Lsh(big.NewInt(int64(i)*7919), 90), big.NewInt(int64(i+1))).String()
	}
	text := s.listOf(1, time.Hour, serials...)
	heap := func() float64 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return float64(m.HeapAlloc) / (1 << 20)
	}
	runtime.GC()
	before, most := heap(), 0.0
	var longest time.Duration
	var took time.Duration
	for b.Loop() {
		stop, stopped := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(stopped)
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				began := time.Now()
				if err := s.Store.Update(b.Context(), func(tx *store.Tx) error {
					return tx.SaveRevocationList(b.Context(), vpn.RevocationList{IssuerKey: "another"}, nil)
				}); err != nil {
					b.Error(err)
					return
				}
				longest = max(longest, time.Since(began))
				if n%50 == 0 {
					most = max(most, heap()-before)
				}
			}
		}()
		began := time.Now()
		out, err := s.Certificates.ImportRevocationList(b.Context(), s.Admin, s.CA.ID, text, false)
		took += time.Since(began)
		close(stop)
		<-stopped
		s.Must(err)
		if out.Added != len(serials) {
			b.Fatalf("%d were added", out.Added)
		}
		s.Must(s.Certificates.DeleteRevocationList(b.Context(), s.Admin, s.CA.ID, ""))
	}
	b.ReportMetric(float64(took.Milliseconds())/float64(b.N), "ms/import")
	b.ReportMetric(most, "MB-most")
	b.ReportMetric(float64(longest.Microseconds())/1000, "ms-others-wait-most")
	b.ReportMetric(0, "ns/op")
}
