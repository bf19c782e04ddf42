package control

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"sallyport/vpn"
)

// Router knows the routes of the host.
type Router interface {
	// WaysTo tells how the host's routes lead to ranges, at most vpn.MaxAskedWays, in their order. Unavailable where the
	// dataplane does not answer.
	WaysTo(ctx context.Context, ranges []netip.Prefix) ([]vpn.Way, error)
}

// waysWait is how long a page waits for the ways that it shows.
const waysWait = 500 * time.Millisecond

// FindWays asks by which way the host reaches the ranges of rows. A page shows the rest also where the dataplane does not answer: unknown is
// then the sentence that says why, and there are no ways.
func FindWays[T any](ctx context.Context, r Router, rows []T, rangeOf func(T) netip.Prefix) (ways map[netip.Prefix]vpn.Way, unknown string) {
	ctx, cancel := context.WithTimeout(ctx, waysWait)
	defer cancel()
	asked := make([]netip.Prefix, len(rows))
	for i, row := range rows {
		asked[i] = rangeOf(row)
	}
	slices.SortFunc(asked, func(a, b netip.Prefix) int { return a.Compare(b) })
	ways = make(map[netip.Prefix]vpn.Way, len(asked))
	for part := range slices.Chunk(slices.Compact(asked), vpn.MaxAskedWays) {
		found, err := r.WaysTo(ctx, part)
		if err != nil || len(found) != len(part) {
			return nil, unansweredBy(err)
		}
		for i, p := range part {
			ways[p] = found[i]
		}
	}
	return ways, ""
}

// unansweredBy says why the dataplane did not tell what a page would show of it.
func unansweredBy(err error) string {
	if err != nil && vpn.KindOf(err) == vpn.Unavailable {
		return err.Error()
	}
	return "The dataplane does not answer."
}
