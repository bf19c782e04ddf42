package fault

import (
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func TestFaultsKeepTheirTime(t *testing.T) {
	t.Parallel()
	f := NewList()
	steps := []struct {
		check, subject, sentence string
		changed                  bool
	}{
		{"reach", "a", "The network is gone.", true},
		{"reach", "a", "The network is gone.", false},
		{"rules", "a", "No rules.", true},
		{"reach", "b", "The network is gone.", true},
		{"rules", "a", "", true},
		{"rules", "a", "", false},
	}
	for i, s := range steps {
		if changed := f.Set(s.check, s.subject, s.sentence, noon.Add(time.Duration(i)*time.Minute)); changed != s.changed {
			t.Errorf("step %d: changed %v, want %v", i, changed, s.changed)
		}
	}
	list := f.All()
	if len(list) != 2 || list[0].Subject != "a" || !list[0].Since.Equal(noon) || list[1].Subject != "b" {
		t.Errorf("got %+v, want a since noon, then b", list)
	}
	f.Set("reach", "a", "Another sentence.", noon.Add(time.Hour))
	if list = f.All(); !list[1].Since.Equal(noon.Add(time.Hour)) {
		t.Errorf("another sentence kept the time: %+v", list)
	}
	f.Keep(map[string]bool{"b": true})
	if list = f.All(); len(list) != 1 || list[0].Subject != "b" {
		t.Errorf("got %+v, want b alone", list)
	}
}

// The next process keeps the times of what it finds again, and of nothing else.
func TestFaultsOfAnEarlierProcess(t *testing.T) {
	t.Parallel()
	first := NewList()
	for n, s := range []string{"still", "worse", "healed", "gone", "unseen"} {
		first.Set("reach", s, "The network is gone.", noon.Add(time.Duration(n)*time.Minute))
	}
	f := NewList()
	later := noon.Add(time.Hour)
	f.Set("lack", "", "No nft.", later)
	first.Set("lack", "", "No nft.", noon)
	f.Load(first.Snapshot())
	if list := f.All(); len(list) != 1 || !list[0].Since.Equal(noon) {
		t.Errorf("got %+v, want what was found already, since noon, and no fault that was not checked", list)
	}
	f.Set("reach", "still", "The network is gone.", later)
	f.Set("reach", "worse", "Everything is gone.", later)
	f.Set("reach", "healed", "", later)
	f.Set("reach", "healed", "The network is gone.", later)
	f.Set("rules", "unseen", "The network is gone.", later) // another check
	f.Keep(map[string]bool{"": true, "still": true, "worse": true, "healed": true, "unseen": true})
	f.Set("reach", "gone", "The network is gone.", later)
	for _, fault := range f.All() {
		if want := map[bool]time.Time{true: noon, false: later}[fault.Subject == "still" || fault.Subject == ""]; !fault.Since.Equal(want) {
			t.Errorf("%s since %v, want %v", fault.Subject, fault.Since, want)
		}
	}
	third := NewList() // a process that ended before it had looked for all
	third.Load(f.Snapshot())
	third.Set("reach", "unseen", "The network is gone.", later)
	if list := third.All(); !list[0].Since.Equal(noon.Add(4 * time.Minute)) {
		t.Errorf("the third process says %+v", list)
	}
}
