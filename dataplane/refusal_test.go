package dataplane

import (
	"testing"
	"time"
)

func TestRefusalsAreBounded(t *testing.T) {
	t.Parallel()
	var l limit
	told := 0
	for range 10_000 {
		if ok, _ := l.take(noon); ok {
			told++
		}
	}
	if told != refusalsAtOnce {
		t.Errorf("%d of a burst are told, want %d", told, refusalsAtOnce)
	}
	if ok, unsaid := l.take(noon.Add(3 * refusalEvery)); !ok || unsaid != 10_000-refusalsAtOnce {
		t.Errorf("later: told %v, %d were left out", ok, unsaid)
	}
	for n := range 2 {
		if ok, _ := l.take(noon.Add(3 * refusalEvery)); !ok {
			t.Errorf("attempt %d of three intervals was not told", n+2)
		}
	}
	if ok, _ := l.take(noon.Add(3 * refusalEvery)); ok {
		t.Error("a fourth was told within three intervals")
	}
	if ok, _ := l.take(noon.Add(time.Hour)); !ok {
		t.Error("nothing is told after an hour of quiet")
	}
}
