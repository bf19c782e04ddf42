package store

import (
	"context"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"gorm.io/gorm"
)

// maxNames is how many user names a search collects. A term that more names have is in so many connections that
// reading them in their order finds a page soon.
const maxNames = 500

// searchEnded narrows a query of ended connections to those that a search finds. Each text has an index of its own:
// a condition with OR over all of them would read every connection. So their numbers are collected first; where
// there are too many for that, the connections are read in the order of the list until the page is full.
func (t *Tx) searchEnded(ctx context.Context, q *gorm.DB, term string) (*gorm.DB, error) {
	q = q.Session(&gorm.Session{})
	inOrder := q.Where(`search LIKE ? ESCAPE '\'`, "%"+escapeLike(term)+"%")
	var names []string
	err := t.on(ctx).Model(&nameRow{}).Where(`name LIKE ? ESCAPE '\'`, "%"+escapeLike(term)+"%").Limit(maxNames+1).Pluck("name", &names).Error
	if err != nil {
		return nil, connectionNoun.read(err, "")
	}
	if len(names) > maxNames {
		return inOrder, nil
	}
	var found []int64
	for _, c := range append(textConditions(term), condition{"username_key IN ?", []any{names}}) {
		var numbers []int64
		if err := q.Model(&connectionRow{}).Where(c.sql, c.args...).Limit(maxCounted+1).Pluck("number", &numbers).Error; err != nil {
			return nil, connectionNoun.read(err, "")
		}
		if len(numbers) > maxCounted {
			return inOrder, nil
		}
		found = append(found, numbers...)
	}
	slices.Sort(found)
	return q.Where("number IN " + numberList(slices.Compact(found))), nil
}

type condition struct {
	sql  string
	args []any
}

// textConditions are the ranges of the indexes in which texts begin with the term.
func textConditions(term string) []condition {
	var out []condition
	if first, last, ok := addressRange(term); ok {
		out = append(out, condition{"client_ip_number BETWEEN ? AND ?", []any{first, last}})
	}
	if strings.Trim(term, "0123456789abcdef.:[]") == "" {
		for _, text := range []string{term, "[" + term} { // an IPv6 address stands in brackets
			out = append(out, condition{"device >= ? AND device < ?", []any{text, text + "\x7f"}})
		}
	}
	const prefix = "cvpn-connection-" // as vpn.NewConnectionID
	if id := strings.TrimPrefix(term, prefix); strings.Trim(id, "0123456789abcdef") == "" && (id != term || len(id) >= 6) {
		out = append(out, condition{"id >= ? AND id < ?", []any{prefix + id, prefix + id + "\x7f"}})
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
