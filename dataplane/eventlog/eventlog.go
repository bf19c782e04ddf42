// Package eventlog numbers the dataplane's events and keeps them until web has acknowledged them.
package eventlog

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

// Log numbers events and keeps them, in memory and in a file, until they are acknowledged. The
// next process continues from the file: a number is never given twice within an epoch, even where
// the file lacks the last ones. A Log is safe for concurrent use.
type Log struct {
	path string
	now  func() time.Time

	mu      sync.Mutex // guards the fields below; no other lock is taken under it
	file    *os.File   // nil: the file cannot be written; events are in memory only
	broken  error      // why
	retry   time.Time
	epoch   string
	seq     uint64 // the newest number given
	kept    []vpn.Event
	refused int           // of kept
	dead    int           // events in the file that are not kept any more
	added   chan struct{} // closed and replaced with every event
}

// header is the file's first line: numbers up to Seq have been given.
type header struct {
	Epoch string `json:"epoch"`
	Seq   uint64 `json:"seq"`
}

const (
	// maxKept bounds the memory while no web process reads. The oldest events are dropped first; a
	// web process that connects later finds ended connections by comparing lists.
	maxKept = 100_000
	// maxRefused bounds what unauthenticated clients can add: further attempts are not recorded.
	maxRefused = 10_000
	// minDead is how many lines of the file must be dead before the file is rewritten.
	minDead = 1000
	// maxBatch is how many events a reader copies at a time.
	maxBatch = 256
	// restartGap is left between the numbers of two processes: the former one may have given
	// numbers that it could not write down, and a reader takes a number that it knows for a repeat.
	restartGap = 1 << 32
	// retryInterval is how long a file that could not be written is left alone.
	retryInterval = time.Second
)

// Open continues the log in the file at path. A file that cannot be written is no error: Fault
// reports it.
func Open(path string, now func() time.Time) (*Log, error) {
	l := &Log{path: path, now: now, added: make(chan struct{})}
	f, err := os.Open(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		l.epoch = rand.Text()
	case err != nil:
		return nil, fmt.Errorf("event log: %w", err)
	default:
		l.load(f)
		f.Close()
	}
	l.rewrite()
	return l, nil
}

// load reads up to the end, or to the first line that a crash or a full disk truncated.
func (l *Log) load(f io.Reader) {
	d := json.NewDecoder(bufio.NewReader(f))
	var h header
	if err := d.Decode(&h); err != nil || h.Epoch == "" {
		l.epoch = rand.Text() // an unreadable file begins a new epoch, and web compares lists then
		return
	}
	l.epoch, l.seq = h.Epoch, h.Seq
	for {
		var ev vpn.Event
		if err := d.Decode(&ev); err != nil || ev.Epoch != l.epoch {
			break
		}
		l.seq = max(l.seq, ev.Seq)
		if ev.Refused != nil || ev.Established != nil || ev.Away != nil || ev.Ended != nil { // earlier versions wrote logins as well
			l.keep(ev)
		}
	}
	l.seq += restartGap
}

func (l *Log) keep(ev vpn.Event) {
	l.kept = append(l.kept, ev)
	if ev.Refused != nil {
		l.refused++
	}
}

// forget drops the first n events.
func (l *Log) forget(n int) {
	for _, ev := range l.kept[:n] {
		if ev.Refused != nil {
			l.refused--
		}
	}
	clear(l.kept[:n])
	l.kept = l.kept[n:]
	l.dead += n
}

// rewrite replaces the file with one of the events that are kept.
func (l *Log) rewrite() {
	if l.file != nil {
		l.file.Close()
		l.file = nil
	}
	l.retry = l.now().Add(retryInterval)
	f, err := os.OpenFile(l.path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		l.broken = fmt.Errorf("event log: %w", err)
		return
	}
	w := bufio.NewWriter(f)
	e := json.NewEncoder(w)
	err = e.Encode(header{Epoch: l.epoch, Seq: l.seq})
	for _, ev := range l.kept {
		err = errors.Join(err, e.Encode(ev))
	}
	if err = errors.Join(err, w.Flush()); err == nil {
		err = os.Rename(l.path+".new", l.path)
	}
	if err != nil {
		f.Close()
		_ = os.Remove(l.path + ".new") // the disk may be full
		l.broken = fmt.Errorf("event log: %w", err)
		return
	}
	l.file, l.dead, l.broken = f, 0, nil
}

// Add numbers and keeps an event: it sets Epoch, Seq and At.
func (l *Log) Add(ev vpn.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if ev.Refused != nil && l.refused >= maxRefused {
		return
	}
	l.seq++
	ev.Epoch, ev.Seq, ev.At = l.epoch, l.seq, l.now().UTC()
	if len(l.kept) >= maxKept {
		l.forget(1)
	}
	l.keep(ev)
	l.write(ev)
	close(l.added)
	l.added = make(chan struct{})
}

// write appends an event to the file. A truncated line would make everything after it unreadable,
// so after a failed write the whole file is rewritten; likewise where many of its lines are dead.
func (l *Log) write(ev vpn.Event) {
	switch {
	case l.file == nil && l.now().Before(l.retry):
		return
	case l.file == nil || l.dead >= maxKept:
		l.rewrite()
		return
	}
	line, err := json.Marshal(ev)
	if err == nil {
		_, err = l.file.Write(append(line, '\n'))
	}
	if err != nil {
		l.file.Close()
		l.file, l.broken, l.retry = nil, fmt.Errorf("event log: %w", err), l.now().Add(retryInterval)
	}
}

// position is the index in kept of the first event after seq.
func (l *Log) position(seq uint64) int {
	n, _ := slices.BinarySearchFunc(l.kept, seq+1, func(ev vpn.Event, seq uint64) int { return cmp.Compare(ev.Seq, seq) })
	return n
}

// Acknowledge drops the events up to and including seq. A number of another epoch is ignored.
func (l *Log) Acknowledge(epoch string, seq uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if epoch != l.epoch || seq > l.seq {
		return
	}
	l.forget(l.position(seq))
	if l.dead >= minDead && l.dead >= len(l.kept) {
		l.rewrite()
	}
}

// after gives kept events that follow seq, oldest first, and a channel that closes when there are
// more than these.
func (l *Log) after(epoch string, seq uint64) ([]vpn.Event, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if epoch != l.epoch {
		seq = 0
	}
	if seq >= l.seq {
		return nil, l.added
	}
	rest := l.kept[l.position(seq):]
	return slices.Clone(rest[:min(len(rest), maxBatch)]), l.added
}

// Events yields the events after seq of the given epoch and then each new one, until ctx ends.
func (l *Log) Events(ctx context.Context, epoch string, seq uint64) iter.Seq[vpn.Event] {
	return func(yield func(vpn.Event) bool) {
		for ctx.Err() == nil {
			batch, more := l.after(epoch, seq)
			for _, ev := range batch {
				epoch, seq = ev.Epoch, ev.Seq
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

// Unacknowledged gives the events that are kept, oldest first.
func (l *Log) Unacknowledged() []vpn.Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.kept)
}

// Ended gives the connections whose end is not acknowledged yet.
func (l *Log) Ended() map[vpn.ConnectionID]bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := map[vpn.ConnectionID]bool{}
	for _, ev := range l.kept {
		if ev.Ended != nil {
			out[ev.Ended.Connection] = true
		}
	}
	return out
}

// Fault says what is wrong with the file, or "". It tries to write the file again first.
func (l *Log) Fault() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil {
		l.rewrite()
	}
	if l.broken == nil {
		return ""
	}
	return "Events cannot be written to " + l.path + ": " + l.broken.Error() + ". A crash now would lose them."
}
