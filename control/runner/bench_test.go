package runner_test

import (
	"fmt"
	"syscall"
	"testing"

	"sallyport/control/controltest"
	"sallyport/vpn"
)

// What web spends on logins by certificate that are decided together, five at a time as they come in a crowd, and on the
// events of their connections.
func BenchmarkLogins(b *testing.B) {
	const together = 5
	s := controltest.NewAssociatedSite(b)
	var seq uint64
	numbered := func(e vpn.Event) vpn.Event {
		seq++
		e.Seq = seq
		return e
	}
	began := processorTime(b)
	for b.Loop() {
		var crowd []*vpn.LoginRequest
		for i := range together {
			crowd = append(crowd, s.Login(fmt.Sprintf("user%d", i)))
			crowd[i].ID = fmt.Sprintf("login-%d-%d", seq, i)
		}
		s.AddLogins(crowd...)
		var events []vpn.Event
		for _, d := range s.Dataplane.Decisions {
			events = append(events, numbered(vpn.Event{Established: &vpn.Established{Connection: d.Connection, Endpoint: s.Endpoint.ID, Association: s.Association.ID}}))
		}
		s.AddEvents(events...)
		events = events[:0]
		for _, d := range s.Dataplane.Decisions {
			if !d.Allow {
				b.Fatal(d.Reason)
			}
			events = append(events, numbered(vpn.Event{Ended: &vpn.Ended{Connection: d.Connection, Endpoint: s.Endpoint.ID, Reason: "The client left."}}))
		}
		s.AddEvents(events...)
		s.Dataplane.Do(func() { s.Dataplane.Decisions, s.Dataplane.EventLog, s.Dataplane.WaitingLogins = nil, nil, nil })
	}
	b.ReportMetric((processorTime(b)-began)/float64(b.N)/together*1000, "cpu_ms/login")
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
