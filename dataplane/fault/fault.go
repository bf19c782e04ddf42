// Package fault keeps what is wrong on a host or with an endpoint, and what was repaired, for the
// administrator.
package fault

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"sallyport/vpn"
)

// List is what is wrong, with the time since when. A fault that is recorded again with the same
// sentence keeps its time. A List is safe for concurrent use.
type List struct {
	mu       sync.Mutex // guards the fields below; no other lock is taken under it
	found    map[key]vpn.Fault
	expected map[key]vpn.Fault // found by an earlier process and not checked by this one yet
}

// key names the check that found a fault and the subject that the fault concerns.
type key struct{ check, subject string }

// Entry is a fault as the journal keeps it.
type Entry struct {
	Check string    `json:"check"`
	Fault vpn.Fault `json:"fault"`
}

// NewList makes a list without faults.
func NewList() *List { return &List{found: map[key]vpn.Fault{}} }

// Load takes over what an earlier process had found: a fault that this process finds again, or
// has found already, keeps its earlier time. Load adds no fault.
func (l *List) Load(earlier []Entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.expected = map[key]vpn.Fault{}
	for _, e := range earlier {
		k := key{e.Check, e.Fault.Subject}
		switch now, found := l.found[k]; {
		case !found:
			l.expected[k] = e.Fault
		case now.Message == e.Fault.Message:
			l.found[k] = e.Fault
		}
	}
}

// Snapshot gives what the next process should load, sorted by check and subject.
func (l *List) Snapshot() []Entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := maps.Clone(l.expected)
	if all == nil {
		all = map[key]vpn.Fault{}
	}
	maps.Copy(all, l.found)
	var out []Entry
	for k, f := range all {
		out = append(out, Entry{Check: k.check, Fault: f})
	}
	slices.SortFunc(out, func(a, b Entry) int {
		return cmp.Or(strings.Compare(a.Check, b.Check), strings.Compare(a.Fault.Subject, b.Fault.Subject))
	})
	return out
}

// Set records or, with an empty sentence, clears what one check found about a subject. It tells
// whether that changed the list.
func (l *List) Set(check, subject, sentence string, now time.Time) (changed bool) {
	return l.set(key{check, subject}, vpn.Fault{Subject: subject, Message: sentence, Since: now})
}

// Warn is Set for what takes nothing out of service.
func (l *List) Warn(check, subject, sentence string, now time.Time) (changed bool) {
	return l.set(key{check, subject}, vpn.Fault{Subject: subject, Message: sentence, Since: now, Warning: true})
}

func (l *List) set(k key, f vpn.Fault) (changed bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	old, was := l.found[k]
	earlier := l.expected[k]
	delete(l.expected, k)
	if f.Message == "" {
		delete(l.found, k)
		return was
	}
	if was && old.Message == f.Message {
		return false
	}
	if !was && earlier.Message == f.Message {
		f.Since = earlier.Since
	}
	l.found[k] = f
	return true
}

// Keep clears the faults of all subjects but these.
func (l *List) Keep(subjects map[string]bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	gone := func(k key, _ vpn.Fault) bool { return !subjects[k.subject] }
	maps.DeleteFunc(l.found, gone)
	maps.DeleteFunc(l.expected, gone)
}

// All gives the faults, oldest first.
func (l *List) All() []vpn.Fault {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := make([]vpn.Fault, 0, len(l.found))
	for _, f := range l.found {
		out = append(out, f)
	}
	slices.SortFunc(out, func(a, b vpn.Fault) int {
		if c := a.Since.Compare(b.Since); c != 0 {
			return c
		}
		return strings.Compare(a.Subject+a.Message, b.Subject+b.Message)
	})
	return out
}
