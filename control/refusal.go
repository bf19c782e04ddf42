package control

import (
	"context"
	"fmt"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"sallyport/store"
	"sallyport/vpn"
)

// Refusals are written on behalf of those who may change nothing, so each account and each source has so
// many audit records of them in a window; the others are counted, and one record tells their number when
// the window is over.
const (
	refusalWindow      = time.Hour
	maxRefusals        = 100 // of one account, and of one source
	maxUnknownRefusals = 600 // of all sources without a sign-in
	maxRefusalBuckets  = 10000
)

// refusals counts the refusals of the present windows. It is in memory: a restart begins new windows.
type refusals struct {
	mu      sync.Mutex // guards buckets
	buckets map[string]*refusalBucket
}

type refusalBucket struct {
	began   time.Time
	written int
	more    int             // that were not written
	last    vpn.AuditRecord // of those
}

// refusalKey names a bucket and tells its size.
type refusalKey struct {
	name string
	most int
}

// refusalKeys are the buckets that a refusal counts in; the first one that is full counts it.
func refusalKeys(by Principal) []refusalKey {
	source := refusalKey{"source " + SourceNetwork(by.Source), maxRefusals}
	if by.Kind == Unauthenticated {
		return []refusalKey{source, {"unknown", maxUnknownRefusals}}
	}
	return []refusalKey{{"account " + strconv.Itoa(int(by.Kind)) + " " + by.ID, maxRefusals}, source}
}

// take tells whether the record of a refusal shall be written. ended are the records of windows that are
// over, with the number of refusals that were not written.
func (r *refusals) take(by Principal, record vpn.AuditRecord) (write bool, ended []vpn.AuditRecord) {
	r.mu.Lock()
	defer r.mu.Unlock()
	ended = r.endWindows(record.At, len(r.buckets) >= maxRefusalBuckets)
	var room []*refusalBucket
	for _, key := range refusalKeys(by) {
		b := r.buckets[key.name]
		if b == nil {
			b = &refusalBucket{began: record.At}
			r.buckets[key.name] = b
		}
		if b.written >= key.most {
			b.more++
			b.last = record
			return false, ended
		}
		room = append(room, b)
	}
	for _, b := range room {
		b.written++
	}
	return true, ended
}

// endWindows removes the windows that are over, or all of them; r.mu is held.
func (r *refusals) endWindows(now time.Time, all bool) (ended []vpn.AuditRecord) {
	for key, b := range r.buckets {
		if !all && IsYoung(b.began, now, refusalWindow) {
			continue
		}
		delete(r.buckets, key)
		if b.more > 0 {
			record := b.last
			record.Result = fmt.Sprintf("and %s more refusals since %s, of which this was the last: %s", grouped(b.more), b.began.UTC().Format("15:04 MST"), b.last.Result)
			ended = append(ended, record)
		}
	}
	return ended
}

// grouped is a number with commas: 12,345.
func grouped(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// AuditRefusal writes the record of a request that was refused, or counts it where the principal has too
// many of them (maxRefusals).
func (c *Core) AuditRefusal(ctx context.Context, by Principal, action vpn.Action, subject string, cause error) {
	record := c.Record(by, action, subject)
	record.Result = cause.Error()
	write, records := c.refusals.take(by, record)
	if write {
		records = append(records, record)
	}
	c.writeRefusals(ctx, records)
}

// FinishRefusals writes how many refusals were not written in the windows that are over; in all windows
// where the program ends.
func (c *Core) FinishRefusals(ctx context.Context, all bool) {
	c.refusals.mu.Lock()
	ended := c.refusals.endWindows(c.Now(), all)
	c.refusals.mu.Unlock()
	c.writeRefusals(ctx, ended)
}

func (c *Core) writeRefusals(ctx context.Context, records []vpn.AuditRecord) {
	if len(records) == 0 {
		return
	}
	ctx = context.WithoutCancel(ctx) // the records are written even if the caller hangs up
	err := c.store.Update(ctx, func(tx *store.Tx) error {
		for _, record := range records {
			if err := tx.Audit(ctx, record); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		c.Log.ErrorContext(ctx, "audit record of a refusal was not written", "action", records[0].Action, "err", err)
	}
}

// SourceNetwork is what one host may hold: an IPv4 address, or the /64 of an IPv6 address, of which a
// host can use any number of addresses.
func SourceNetwork(source string) string {
	a, err := netip.ParseAddr(source)
	if err != nil || a.Unmap().Is4() {
		return source
	}
	return netip.PrefixFrom(a.WithZone(""), 64).Masked().String()
}
