package parts

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Number writes a number with separated thousands: 1,234,567.
func Number(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Bytes writes a number of bytes in powers of 1024: "12.3 MiB".
func Bytes(n uint64) string {
	if n < 1024 {
		return strconv.FormatUint(n, 10) + " B"
	}
	f, unit := float64(n), ""
	for _, unit = range []string{"KiB", "MiB", "GiB", "TiB", "PiB"} {
		f /= 1024
		if f < 1023.95 {
			break
		}
	}
	return strconv.FormatFloat(f, 'f', 1, 64) + " " + unit
}

// YesNo gives yes where is is true, otherwise no.
func YesNo(is bool, yes, no string) string {
	if is {
		return yes
	}
	return no
}

// When is a time as a page shows it: relative to now, with the exact time on hover.
type When struct {
	Relative string `json:"-"` // changes with the clock, so it is no part of the digest of a Live
	Exact    string
	ISO      string // empty: never
}

// At describes t as seen from now; the zero time is "never".
func At(now, t time.Time) When {
	if t.IsZero() {
		return When{Relative: "never"}
	}
	t = t.UTC()
	return When{
		Relative: relative(t.Sub(now)),
		Exact:    t.Format("2 January 2006, 15:04:05 UTC"),
		ISO:      t.Format(time.RFC3339),
	}
}

// Lasting is how long a state that began then has lasted: "for 3 minutes".
func (w When) Lasting() string {
	if span, past := strings.CutSuffix(w.Relative, " ago"); past {
		return "for " + span
	}
	if w.Relative == justNow {
		return "for a moment"
	}
	return w.Relative
}

// justNow is the relative time of the last seconds.
const justNow = "just now"

// units are the units of a relative time, each with the distance from which on the next one is used.
var units = []struct {
	name        string
	size, until time.Duration
}{
	{"second", time.Second, time.Minute},
	{"minute", time.Minute, time.Hour},
	{"hour", time.Hour, 2 * day},
	{"day", day, 60 * day},
	{"month", 30 * day, 2 * 365 * day},
	{"year", 365 * day, math.MaxInt64},
}

const day = 24 * time.Hour

// relative is rounded to the nearest unit where it is ahead: ten years less a second are 10 years.
func relative(d time.Duration) string {
	if d <= 0 && d > -10*time.Second {
		return justNow
	}
	ahead, d := d > 0, d.Abs()
	whole := time.Duration.Truncate
	if ahead {
		whole = time.Duration.Round
	}
	s := ""
	for _, u := range units {
		if whole(d, min(u.size, day)) < u.until {
			s = count(int(whole(d, u.size)/u.size), u.name)
			break
		}
	}
	if ahead {
		return "in " + s
	}
	return s + " ago"
}

// Count writes a number with its noun: "1 connection", "3 connections".
func Count(n int, noun string) string { return count(n, noun) }

// Are is Count with its verb: "1 route is", "3 routes are".
func Are(n int, noun string) string { return count(n, noun) + YesNo(n == 1, " is", " are") }

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%s %ss", Number(n), noun)
}
