package store

import (
	"context"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"gorm.io/gorm"

	"sallyport/vpn"
)

// maxNames is how many user names a search collects. A term that more names have is in so many connections that
// reading them in their order finds a page soon.
const maxNames = 500

// searchEnded is a query of the ended connections of an endpoint, or of every endpoint, that a search finds. Each text
// has an index of its own: a condition with OR over all of them would read every connection. So their numbers are
// collected first; where there are too many for that, the connections are read in the order of the list until the
// page is full.
func (t *Tx) searchEnded(ctx context.Context, id vpn.EndpointID, term string) (*gorm.DB, error) {
	inOrder := t.ofEndpoint(ctx, id).Where(ended).Where(`search LIKE ? ESCAPE '\'`, "%"+escapeLike(term)+"%")
	var names []string
	err := t.on(ctx).Model(&nameRow{}).Where(`name LIKE ? ESCAPE '\'`, "%"+escapeLike(term)+"%").Limit(maxNames+1).Pluck("name", &names).Error
	if err != nil {
		return nil, connectionNoun.read(err, "")
	}
	if len(names) > maxNames {
		return inOrder, nil
	}
	var found []int64
	for _, c := range append(textConditions(term), condition{"username_key IN ?", []any{names}, true}) {
		q := t.on(ctx)
		switch {
		case id == "":
		case c.ofEndpoint:
			q = q.Where("endpoint_id = ?", clean(string(id)))
		default: // an expression is no reason to read the index of an endpoint instead of that of the text
			q = q.Where("endpoint_id || '' = ?", clean(string(id)))
		}
		var numbers []int64
		if err := q.Model(&connectionRow{}).Where(ended).Where(c.sql, c.args...).Limit(maxCounted+1).Pluck("number", &numbers).Error; err != nil {
			return nil, connectionNoun.read(err, "")
		}
		if len(numbers) > maxCounted {
			return inOrder, nil
		}
		found = append(found, numbers...)
	}
	slices.Sort(found)
	return t.on(ctx).Where("number IN " + numberList(slices.Compact(found))), nil
}

// condition is a range of an index.
type condition struct {
	sql        string
	args       []any
	ofEndpoint bool // the index begins with the endpoint
}

// textConditions are the ranges of the indexes in which texts begin with the term.
func textConditions(term string) []condition {
	var out []condition
	if first, last, ok := addressRange(term); ok {
		out = append(out, condition{"client_ip_number BETWEEN ? AND ?", []any{first, last}, true})
	}
	if strings.Trim(term, "0123456789abcdef.:[]") == "" {
		for _, text := range []string{term, "[" + term} { // an IPv6 address stands in brackets
			out = append(out, condition{"device >= ? AND device < ?", []any{text, text + "\x7f"}, false})
		}
	}
	const prefix = "cvpn-connection-" // as vpn.NewConnectionID
	if id := strings.TrimPrefix(term, prefix); strings.Trim(id, "0123456789abcdef") == "" && (id != term || len(id) >= 6) {
		out = append(out, condition{"id >= ? AND id < ?", []any{prefix + id, prefix + id + "\x7f"}, false})
	}
	return out
}

// addressRange gives the IPv4 addresses, as numbers, that begin with a text: "10.20." or a whole address.
func addressRange(text string) (first, last int64, ok bool) {
	parts := strings.Split(text, ".")
	if n := len(parts); n > 4 || n < 4 && parts[n-1] != "" || n == 1 {
		return 0, 0, false
	} else if parts[n-1] == "" {
		parts = parts[:n-1]
	}
	low, high := slices.Clone(parts), slices.Clone(parts)
	for len(low) < 4 {
		low, high = append(low, "0"), append(high, "255")
	}
	a, errLow := netip.ParseAddr(strings.Join(low, "."))
	b, errHigh := netip.ParseAddr(strings.Join(high, "."))
	return sortNumber(a), sortNumber(b), errLow == nil && errHigh == nil
}

// numberList writes numbers as a list of SQL. They are not given as parameters: thousands of those take the SQLite
// driver longer than the reading.
func numberList(numbers []int64) string {
	var b strings.Builder
	b.WriteByte('(')
	for i, n := range numbers {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.FormatInt(n, 10))
	}
	if len(numbers) == 0 {
		b.WriteString("-1")
	}
	b.WriteByte(')')
	return b.String()
}
