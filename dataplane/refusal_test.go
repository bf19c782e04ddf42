package dataplane

import (
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func TestRefusalsAreBounded(t *testing.T) {
	t.Parallel()
	var l reportLimit
	reported := 0
	for range 10_000 {
		if ok, _ := l.take(noon); ok {
			reported++
		}
	}
	if reported != maxReports {
		t.Errorf("%d of a burst are reported, want %d", reported, maxReports)
	}
	if ok, omitted := l.take(noon.Add(3 * reportInterval)); !ok || omitted != 10_000-maxReports {
		t.Errorf("later: reported %v, %d were omitted", ok, omitted)
	}
	for n := range 2 {
		if ok, _ := l.take(noon.Add(3 * reportInterval)); !ok {
			t.Errorf("attempt %d of three intervals was not reported", n+2)
		}
	}
	if ok, _ := l.take(noon.Add(3 * reportInterval)); ok {
		t.Error("a fourth was reported within three intervals")
	}
	if ok, _ := l.take(noon.Add(time.Hour)); !ok {
		t.Error("nothing is reported after a quiet hour")
	}
}
