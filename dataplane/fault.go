package dataplane

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"sallyport/vpn"
)

// faults keeps what is wrong, with the time since when. A fault that is set again with the same
// sentence keeps its time.
type faults struct {
	mu       sync.Mutex
	all      map[faultKey]vpn.Fault
	expected map[faultKey]vpn.Fault // what an earlier process had found and this one has not looked for yet
}

// faultKey is what was found by which check.
type faultKey struct{ check, subject string }

// datedFault is a fault in the journal.
type datedFault struct {
	Check string    `json:"check"`
	Fault vpn.Fault `json:"fault"`
}

func newFaults() *faults { return &faults{all: map[faultKey]vpn.Fault{}} }

// expect has faults that are found again, or were just now, keep the time since when an earlier
// process had found them. It says nothing of whether they still are.
func (f *faults) expect(earlier []datedFault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.expected = map[faultKey]vpn.Fault{}
	for _, d := range earlier {
		key := faultKey{d.Check, d.Fault.Subject}
		switch now, found := f.all[key]; {
		case !found:
			f.expected[key] = d.Fault
		case now.Sentence == d.Fault.Sentence:
			f.all[key] = d.Fault
		}
	}
}

// dated gives what a next process should expect, in an order of its own.
func (f *faults) dated() []datedFault {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := maps.Clone(f.expected)
	if all == nil {
		all = map[faultKey]vpn.Fault{}
	}
	maps.Copy(all, f.all)
	var out []datedFault
	for key, fault := range all {
		out = append(out, datedFault{Check: key.check, Fault: fault})
	}
	slices.SortFunc(out, func(a, b datedFault) int {
		return cmp.Or(strings.Compare(a.Check, b.Check), strings.Compare(a.Fault.Subject, b.Fault.Subject))
	})
	return out
}

// set records or, with an empty sentence, clears what one check says of a subject. It tells
// whether that is news.
func (f *faults) set(check, subject, sentence string, now time.Time) (news bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	key := faultKey{check, subject}
	old, was := f.all[key]
	earlier := f.expected[key]
	delete(f.expected, key)
	if sentence == "" {
		delete(f.all, key)
		return was
	}
	if was && old.Sentence == sentence {
		return false
	}
	since := now
	if !was && earlier.Sentence == sentence {
		since = earlier.Since
	}
	f.all[key] = vpn.Fault{Subject: subject, Sentence: sentence, Since: since}
	return true
}

// keepOnly clears the faults of subjects that no longer exist.
func (f *faults) keepOnly(subjects map[string]bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	gone := func(key faultKey, _ vpn.Fault) bool { return !subjects[key.subject] }
	maps.DeleteFunc(f.all, gone)
	maps.DeleteFunc(f.expected, gone)
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
