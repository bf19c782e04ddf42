package eventlog

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"sallyport/vpn"
)

func open(t *testing.T, path string, now func() time.Time) *Log {
	t.Helper()
	s, err := Open(path, now)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// clock is set by hand.
type clock struct{ at time.Time }

func (c *clock) now() time.Time          { return c.at }
func (c *clock) advance(d time.Duration) { c.at = c.at.Add(d) }

func endedEvent(n int) vpn.Event {
	return vpn.Event{Ended: &vpn.Ended{Connection: vpn.ConnectionID(fmt.Sprintf("cvpn-connection-%017x", n)), Reason: "test"}}
}

// names lists which ended connections a reader that knows the cursor would get now.
func names(s *Log, epoch string, seq uint64) []string {
	var out []string
	for {
		batch, _ := s.after(epoch, seq)
		if len(batch) == 0 {
			return out
		}
		for _, ev := range batch {
			epoch, seq = ev.Epoch, ev.Seq
			if ev.Ended != nil {
				out = append(out, strings.TrimLeft(string(ev.Ended.Connection[len("cvpn-connection-"):]), "0"))
			}
		}
	}
}

func wantNames(t *testing.T, what string, got []string, want string) {
	t.Helper()
	if g := strings.Join(got, " "); g != want {
		t.Errorf("%s: got events %q, want %q", what, g, want)
	}
}

func TestLogReplaysAfterAGap(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "events")
	s := open(t, path, time.Now)
	for n := 1; n <= 4; n++ {
		s.Add(endedEvent(n))
	}
	wantNames(t, "from the start", names(s, s.epoch, 0), "1 2 3 4")
	wantNames(t, "after 2", names(s, s.epoch, 2), "3 4")
	wantNames(t, "another epoch's number", names(s, "another", 3), "1 2 3 4")
	s.Acknowledge("another", 4)
	s.Acknowledge(s.epoch, 1)
	s.Acknowledge(s.epoch, 1<<60) // was never given
	wantNames(t, "acknowledged", names(s, s.epoch, 0), "2 3 4")

	next := open(t, path, time.Now)
	if next.epoch != s.epoch {
		t.Error("a readable file began a new epoch")
	}
	wantNames(t, "the next process", names(next, s.epoch, 2), "3 4")
	next.Add(endedEvent(5))
	if next.seq <= s.seq+1 {
		t.Errorf("the next process gave number %d; the former one may have given %d without writing it", next.seq, s.seq+1)
	}
	wantNames(t, "a reader that is ahead of the file", names(next, s.epoch, s.seq+7), "5")
	if !next.Ended()[endedEvent(3).Ended.Connection] {
		t.Error("connection 3 is not among those whose end waits")
	}
}

func TestLogKeepsWhatPrecedesATornLine(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "events")
	s := open(t, path, time.Now)
	for n := 1; n <= 3; n++ {
		s.Add(endedEvent(n))
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b[:len(b)-20], 0o600); err != nil {
		t.Fatal(err)
	}
	next := open(t, path, time.Now)
	next.Add(endedEvent(4))
	wantNames(t, "torn", names(open(t, path, time.Now), s.epoch, 0), "1 2 4")

	if err := os.WriteFile(path, []byte("garbage"), 0o600); err != nil {
		t.Fatal(err)
	}
	if broken := open(t, path, time.Now); broken.epoch == s.epoch || broken.epoch == "" {
		t.Error("an unreadable file did not begin a new epoch")
	}
}

// A file that cannot be written loses nothing while the process lives, says so, and is whole again
// as soon as it can be written.
func TestLogOutlivesAFullDisk(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "run")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "events")
	c := &clock{time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)}
	s := open(t, path, c.now)
	s.Add(endedEvent(1))
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	s.file.Close()
	s.file = full
	s.Add(endedEvent(2))
	s.Add(endedEvent(3))
	if s.broken == nil {
		t.Error("a failed write is no fault")
	}
	wantNames(t, "while broken", names(s, s.epoch, 0), "1 2 3")
	c.advance(retryInterval)
	s.Add(endedEvent(4))
	if f := s.Fault(); f != "" {
		t.Errorf("the disk has room again, and the fault is %q", f)
	}
	wantNames(t, "the next process", names(open(t, path, c.now), s.epoch, 0), "1 2 3 4")

	// A directory in the way of the file: not even a start fails.
	blocked := filepath.Join(dir, "blocked")
	if err := os.Mkdir(blocked+".new", 0o700); err != nil {
		t.Fatal(err)
	}
	b := open(t, blocked, c.now)
	if b.Fault() == "" {
		t.Error("an unwritable file is no fault")
	}
	b.Add(endedEvent(1))
	b.Acknowledge(b.epoch, 0)
	wantNames(t, "unwritable from the start", names(b, b.epoch, 0), "1")
}

func TestLogIsBounded(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "events")
	s := open(t, path, time.Now)
	for range maxRefused + 100 {
		s.Add(vpn.Event{Refused: &vpn.RefusedAttempt{Reason: "no profile"}})
	}
	if len(s.kept) != maxRefused {
		t.Errorf("%d refused attempts are kept, want %d", len(s.kept), maxRefused)
	}
	for n := range maxKept * 2 {
		s.Add(endedEvent(n))
	}
	if len(s.kept) != maxKept || s.refused != 0 {
		t.Errorf("%d events are kept (%d refused), want %d (0)", len(s.kept), s.refused, maxKept)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if most := int64(2*maxKept) * 300; info.Size() > most {
		t.Errorf("the file has %d bytes, want at most %d: no event is acknowledged, and the file must not grow without bound", info.Size(), most)
	}
	s.Acknowledge(s.epoch, s.seq)
	if info, err = os.Stat(path); err != nil || info.Size() > 1000 {
		t.Errorf("all is acknowledged and the file has %d bytes (%v)", info.Size(), err)
	}
}

func TestLogReadersSeeEachEventOnceAndInOrder(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "events"), time.Now)
	const writers, each = 4, 500
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var work sync.WaitGroup
	for w := range writers {
		work.Go(func() {
			for n := range each {
				s.Add(endedEvent(w*each + n))
			}
		})
	}
	for range 3 {
		work.Go(func() {
			last, n := uint64(0), 0
			for ev := range s.Events(ctx, "", 0) {
				if ev.Seq != last+1 {
					t.Errorf("event %d follows %d", ev.Seq, last)
				}
				if last = ev.Seq; last == writers*each {
					return
				}
				if n++; n%100 == 0 {
					s.Fault()
				}
			}
			t.Errorf("the reader ended after %d", last)
		})
	}
	work.Wait()
	s.Acknowledge(s.epoch, s.seq)
	wantNames(t, "acknowledged", names(s, s.epoch, 0), "")
}
