package portal

import (
	"time"

	"sallyport/views/parts"
)

// Time is a moment as a page shows it. The text says it in UTC and how far away it is, which holds wherever the visitor is;
// where scripts run, portal.js writes it in the time zone of the device.
type Time struct {
	Text string // empty: there is no such moment
	ISO  string
}

// At describes t as seen from now; the zero time is no moment.
func At(now, t time.Time) Time {
	w := parts.At(now, t)
	if w.ISO == "" {
		return Time{}
	}
	return Time{Text: Written(t) + " (" + w.Relative + ")", ISO: w.ISO}
}

// Written is a time as texts outside of pages have it.
func Written(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04 UTC") }
