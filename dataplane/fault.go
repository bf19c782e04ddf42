package dataplane

import (
	"slices"
	"strings"
	"sync"
	"time"

	"sallyport/vpn"
)

// faults keeps what is wrong, with the time since when. A fault that is set again with the same
// sentence keeps its time.
type faults struct {
	mu  sync.Mutex
	all map[string]vpn.Fault // by key: the subject and the check that found it
}

func newFaults() *faults { return &faults{all: map[string]vpn.Fault{}} }

// set records or, with an empty sentence, clears what one check says of a subject. It tells
// whether that is news.
func (f *faults) set(check, subject, sentence string, now time.Time) (news bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	key := check + "\x00" + subject
	old, was := f.all[key]
	if sentence == "" {
		delete(f.all, key)
		return was
	}
	if was && old.Sentence == sentence {
		return false
	}
	f.all[key] = vpn.Fault{Subject: subject, Sentence: sentence, Since: now}
	return true
}

// keepOnly clears the faults of subjects that no longer exist.
func (f *faults) keepOnly(subjects map[string]bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for key, fault := range f.all {
		if !subjects[fault.Subject] {
			delete(f.all, key)
		}
	}
}

// list gives all faults, oldest first.
func (f *faults) list() []vpn.Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := make([]vpn.Fault, 0, len(f.all))
	for _, fault := range f.all {
		out = append(out, fault)
	}
	slices.SortFunc(out, func(a, b vpn.Fault) int {
		if c := a.Since.Compare(b.Since); c != 0 {
			return c
		}
		return strings.Compare(a.Subject+a.Sentence, b.Subject+b.Sentence)
	})
	return out
}
