package parts

import (
	"testing"
	"time"
)

func TestBytes(t *testing.T) {
	t.Parallel()
	for n, want := range map[uint64]string{
		0: "0 B", 1023: "1023 B", 1024: "1.0 KiB", 1536: "1.5 KiB", 1<<20 - 1: "1.0 MiB",
		12_900_000: "12.3 MiB", 5 << 30: "5.0 GiB", 1 << 63: "8192.0 PiB",
	} {
		if got := Bytes(n); got != want {
			t.Errorf("Bytes(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestNumber(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1000: "-1,000", -999: "-999"} {
		if got := Number(n); got != want {
			t.Errorf("Number(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestAt(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	for d, want := range map[time.Duration]string{
		-3 * time.Second: "just now", -59 * time.Second: "59 seconds ago", -time.Minute: "1 minute ago",
		-47 * time.Hour: "47 hours ago", -72 * time.Hour: "3 days ago", 3 * time.Second: "in 3 seconds",
		90 * 24 * time.Hour: "in 3 months", 3 * 365 * 24 * time.Hour: "in 3 years",
		24*time.Hour - time.Second: "in 24 hours", 3650*24*time.Hour - time.Second: "in 10 years", 59*time.Minute + 50*time.Second: "in 1 hour",
		2*365*24*time.Hour - time.Second: "in 2 years",
	} {
		if got := At(now, now.Add(d)).Relative; got != want {
			t.Errorf("%s from now is %q, want %q", d, got, want)
		}
	}
	for d, want := range map[time.Duration]string{-3 * time.Second: "for a moment", -time.Minute: "for 1 minute", -72 * time.Hour: "for 3 days"} {
		if got := At(now, now.Add(d)).Lasting(); got != want {
			t.Errorf("a state that began %s from now lasts %q, want %q", d, got, want)
		}
	}
	if w := At(now, time.Time{}); w.Relative != "never" || w.ISO != "" {
		t.Errorf("the zero time is %+v, want never", w)
	}
	elsewhere := now.In(time.FixedZone("CET", 3600))
	if w := At(now, elsewhere); w.Exact != "20 November 2026, 12:00:00 UTC" || w.ISO != "2026-11-20T12:00:00Z" {
		t.Errorf("a time of another zone is %+v, want it in UTC", w)
	}
}

func TestFailLosesNoSentence(t *testing.T) {
	t.Parallel()
	f := Form{Fields: []Field{{Name: "name"}, {Name: "cidr"}}}
	f.Fail("Check the marked fields.", map[string]string{"cidr": "Too wide.", "hidden_one": "Impossible."})
	if f.Fields[0].Err != "" || f.Fields[1].Err != "Too wide." {
		t.Errorf("fields have errors %q and %q, want none and the CIDR's", f.Fields[0].Err, f.Fields[1].Err)
	}
	if len(f.Orphans) != 1 || f.Orphans[0] != "Impossible." {
		t.Errorf("orphans are %q, want the sentence of the field that is not shown", f.Orphans)
	}
}

func TestListLinks(t *testing.T) {
	t.Parallel()
	l := List{Path: "/networks", Search: "a b", Sort: "name", Page: 2}
	for _, c := range []struct{ got, want string }{
		{l.hrefSort("name"), "/networks?dir=desc&q=a+b&sort=name"},
		{l.hrefSort("cidr"), "/networks?q=a+b&sort=cidr"},
		{l.hrefPage(1), "/networks?q=a+b&sort=name"},
		{l.hrefPage(3), "/networks?page=3&q=a+b&sort=name"},
	} {
		if c.got != c.want {
			t.Errorf("got link %q, want %q", c.got, c.want)
		}
	}
}
