package dataplane

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"sync"
	"time"

	"sallyport/vpn"
)

// spool numbers events and keeps them, in memory and in a file, until web has acknowledged them.
// The file is what a later process goes on from: numbers never start again within an epoch.
type spool struct {
	path string
	now  func() time.Time

	mu     sync.Mutex
	file   *os.File
	epoch  string
	seq    uint64 // of the newest event
	kept   []vpn.Event
	dead   int           // lines in the file that were acknowledged
	news   chan struct{} // closed and replaced with every event
	broken error         // the file cannot be written; events live in memory alone
}

// spoolHeader is the file's first line: the events in it follow Seq.
type spoolHeader struct {
	Epoch string `json:"epoch"`
	Seq   uint64 `json:"seq"`
}

// maxKept bounds the memory that a web process which never comes takes. The oldest events go
// first; a web that comes later finds ended connections by comparing lists.
const maxKept = 100_000

func openSpool(path string, now func() time.Time) (*spool, error) {
	s := &spool{path: path, now: now, news: make(chan struct{})}
	f, err := os.Open(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		s.epoch = rand.Text()
	case err != nil:
		return nil, fmt.Errorf("event spool: %w", err)
	default:
		err = s.load(f)
		f.Close()
		if err != nil {
			return nil, err
		}
	}
	return s, s.rewrite()
}

func (s *spool) load(f io.Reader) error {
	d := json.NewDecoder(bufio.NewReader(f))
	var h spoolHeader
	if err := d.Decode(&h); err != nil || h.Epoch == "" {
		s.epoch = rand.Text() // an unreadable spool is a new epoch: web compares lists then
		return nil
	}
	s.epoch, s.seq = h.Epoch, h.Seq
	for {
		var ev vpn.Event
		if err := d.Decode(&ev); err != nil {
			return nil // the end, or a line that a crash cut short
		}
		s.kept, s.seq = append(s.kept, ev), ev.Seq
	}
}

// rewrite makes a file of what is kept.
func (s *spool) rewrite() error {
	f, err := os.OpenFile(s.path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("event spool: %w", err)
	}
	w := bufio.NewWriter(f)
	e := json.NewEncoder(w)
	err = e.Encode(spoolHeader{Epoch: s.epoch, Seq: s.seq - uint64(len(s.kept))})
	for _, ev := range s.kept {
		err = errors.Join(err, e.Encode(ev))
	}
	if err = errors.Join(err, w.Flush()); err == nil {
		err = os.Rename(s.path+".new", s.path)
	}
	if err != nil {
		f.Close()
		return fmt.Errorf("event spool: %w", err)
	}
	if s.file != nil {
		s.file.Close()
	}
	s.file, s.dead = f, 0
	return nil
}

// add numbers and keeps an event.
func (s *spool) add(ev vpn.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seq++
	ev.Epoch, ev.Seq, ev.At = s.epoch, s.seq, s.now().UTC()
	if len(s.kept) >= maxKept {
		s.kept = s.kept[1:]
		s.dead++
	}
	s.kept = append(s.kept, ev)
	line, err := json.Marshal(ev)
	if err == nil {
		_, err = s.file.Write(append(line, '\n'))
	}
	s.broken = err
	close(s.news)
	s.news = make(chan struct{})
}

// acknowledge forgets the events up to and including seq. Another epoch's number means nothing.
func (s *spool) acknowledge(epoch string, seq uint64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if epoch != s.epoch {
		return nil
	}
	n := 0
	for n < len(s.kept) && s.kept[n].Seq <= seq {
		n++
	}
	s.kept = s.kept[n:]
	s.dead += n
	const worthwhile = 1000
	if s.dead < worthwhile && s.broken == nil {
		return nil
	}
	s.broken = s.rewrite()
	return s.broken
}

// after gives the kept events that follow seq, and a channel that closes when there are more.
func (s *spool) after(epoch string, seq uint64) ([]vpn.Event, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if epoch != s.epoch {
		seq = 0
	}
	n := 0
	for n < len(s.kept) && s.kept[n].Seq <= seq {
		n++
	}
	return append([]vpn.Event(nil), s.kept[n:]...), s.news
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

// fault says what is wrong with the file, or "".
func (s *spool) fault() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken == nil {
		return ""
	}
	return "Events cannot be written to " + s.path + ": " + s.broken.Error() + ". A crash now would lose them."
}
