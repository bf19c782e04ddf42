package dataplane

import (
	"bufio"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
	"sync"
	"time"

	"sallyport/vpn"
)

// spool numbers events and keeps them, in memory and in a file, until web has acknowledged them.
// The file is what a later process goes on from: numbers never come again within an epoch, also
// where the file lacks the last ones.
type spool struct {
	path string
	now  func() time.Time

	mu      sync.Mutex
	file    *os.File // nil: the file cannot be written; events live in memory alone
	broken  error    // why
	retry   time.Time
	epoch   string
	seq     uint64 // the newest number given
	kept    []vpn.Event
	refused int           // of kept
	dead    int           // events in the file that are not kept any more
	news    chan struct{} // closed and replaced with every event
}

// spoolHeader is the file's first line: numbers up to Seq have been given.
type spoolHeader struct {
	Epoch string `json:"epoch"`
	Seq   uint64 `json:"seq"`
}

const (
	// maxKept bounds the memory that a web process which never comes takes. The oldest events go
	// first; a web that comes later finds ended connections by comparing lists.
	maxKept = 100_000
	// maxRefused bounds what strangers can put in: further attempts are not told.
	maxRefused = 10_000
	// worthwhile is how many lines of a file must be dead for it to be written anew.
	worthwhile = 1000
	// batchMost is how many events a reader copies at a time.
	batchMost = 256
	// spoolGap is left between the numbers of two processes: the former one may have given some
	// out that it could not write down, and a reader takes a number that it knows for a repetition.
	spoolGap = 1 << 32
	// rewriteAgain is how often a file that cannot be written is tried again.
	rewriteAgain = time.Second
)

// openSpool goes on from the file at path. One that cannot be written is no error: fault tells.
func openSpool(path string, now func() time.Time) (*spool, error) {
	s := &spool{path: path, now: now, news: make(chan struct{})}
	f, err := os.Open(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		s.epoch = rand.Text()
	case err != nil:
		return nil, fmt.Errorf("event spool: %w", err)
	default:
		s.load(f)
		f.Close()
	}
	s.rewrite()
	return s, nil
}

// load reads up to the end, or to the first line that a crash or a full disk cut short.
func (s *spool) load(f io.Reader) {
	d := json.NewDecoder(bufio.NewReader(f))
	var h spoolHeader
	if err := d.Decode(&h); err != nil || h.Epoch == "" {
		s.epoch = rand.Text() // an unreadable spool is a new epoch: web compares lists then
		return
	}
	s.epoch, s.seq = h.Epoch, h.Seq
	for {
		var ev vpn.Event
		if err := d.Decode(&ev); err != nil || ev.Epoch != s.epoch {
			break
		}
		s.keep(ev)
		s.seq = max(s.seq, ev.Seq)
	}
	s.seq += spoolGap
}

func (s *spool) keep(ev vpn.Event) {
	s.kept = append(s.kept, ev)
	if ev.Refused != nil {
		s.refused++
	}
}

// forget lets the first n events go.
func (s *spool) forget(n int) {
	for _, ev := range s.kept[:n] {
		if ev.Refused != nil {
			s.refused--
		}
	}
	clear(s.kept[:n])
	s.kept = s.kept[n:]
	s.dead += n
}

// rewrite makes a file of what is kept.
func (s *spool) rewrite() {
	if s.file != nil {
		s.file.Close()
		s.file = nil
	}
	s.retry = s.now().Add(rewriteAgain)
	f, err := os.OpenFile(s.path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		s.broken = fmt.Errorf("event spool: %w", err)
		return
	}
	w := bufio.NewWriter(f)
	e := json.NewEncoder(w)
	err = e.Encode(spoolHeader{Epoch: s.epoch, Seq: s.seq})
	for _, ev := range s.kept {
		err = errors.Join(err, e.Encode(ev))
	}
	if err = errors.Join(err, w.Flush()); err == nil {
		err = os.Rename(s.path+".new", s.path)
	}
	if err != nil {
		f.Close()
		_ = os.Remove(s.path + ".new") // it takes room that is short
		s.broken = fmt.Errorf("event spool: %w", err)
		return
	}
	s.file, s.dead, s.broken = f, 0, nil
}

// add numbers and keeps an event.
func (s *spool) add(ev vpn.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ev.Refused != nil && s.refused >= maxRefused {
		return
	}
	s.seq++
	ev.Epoch, ev.Seq, ev.At = s.epoch, s.seq, s.now().UTC()
	if len(s.kept) >= maxKept {
		s.forget(1)
	}
	s.keep(ev)
	s.write(ev)
	close(s.news)
	s.news = make(chan struct{})
}

// write puts an event into the file. After a line that was cut short nothing that follows could be
// read, so the whole file is written anew first; and again where much of it is dead.
func (s *spool) write(ev vpn.Event) {
	switch {
	case s.file == nil && s.now().Before(s.retry):
		return
	case s.file == nil || s.dead >= maxKept:
		s.rewrite()
		return
	}
	line, err := json.Marshal(ev)
	if err == nil {
		_, err = s.file.Write(append(line, '\n'))
	}
	if err != nil {
		s.file.Close()
		s.file, s.broken, s.retry = nil, fmt.Errorf("event spool: %w", err), s.now().Add(rewriteAgain)
	}
}

// position is where the events after seq begin.
func (s *spool) position(seq uint64) int {
	n, _ := slices.BinarySearchFunc(s.kept, seq+1, func(ev vpn.Event, seq uint64) int { return cmp.Compare(ev.Seq, seq) })
	return n
}

// acknowledge forgets the events up to and including seq. Another epoch's number means nothing.
func (s *spool) acknowledge(epoch string, seq uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if epoch != s.epoch || seq > s.seq {
		return
	}
	s.forget(s.position(seq))
	if s.dead >= worthwhile && s.dead >= len(s.kept) {
		s.rewrite()
	}
}

// after gives kept events that follow seq, oldest first, and a channel that closes when there are
// more than these.
func (s *spool) after(epoch string, seq uint64) ([]vpn.Event, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if epoch != s.epoch {
		seq = 0
	}
	if seq >= s.seq {
		return nil, s.news
	}
	rest := s.kept[s.position(seq):]
	return slices.Clone(rest[:min(len(rest), batchMost)]), s.news
}

// events yields what follows seq and then what happens, until ctx ends. A login whose time is
// over is left out: its client has been answered.
func (s *spool) events(ctx context.Context, epoch string, seq uint64) iter.Seq[vpn.Event] {
	return func(yield func(vpn.Event) bool) {
		for ctx.Err() == nil {
			batch, more := s.after(epoch, seq)
			for _, ev := range batch {
				epoch, seq = ev.Epoch, ev.Seq
				if ev.Login != nil && s.now().After(ev.Login.Deadline) {
					continue
				}
				if !yield(ev) {
					return
				}
			}
			if len(batch) > 0 {
				continue
			}
			select {
			case <-more:
			case <-ctx.Done():
			}
		}
	}
}

// ended gives the connections whose end waits to be acknowledged.
func (s *spool) ended() map[vpn.ConnectionID]bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[vpn.ConnectionID]bool{}
	for _, ev := range s.kept {
		if ev.Ended != nil {
			out[ev.Ended.Connection] = true
		}
	}
	return out
}

// fault says what is wrong with the file, or "". It tries again where something was.
func (s *spool) fault() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file == nil {
		s.rewrite()
	}
	if s.broken == nil {
		return ""
	}
	return "Events cannot be written to " + s.path + ": " + s.broken.Error() + ". A crash now would lose them."
}
