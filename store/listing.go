package store

import (
	"strings"

	"gorm.io/gorm"

	"sallyport/vpn"
)

// listing is what a list can be sorted and filtered by. Only these names become part of a statement.
type listing struct {
	orders  map[string][]string // columns from major to minor, by the name in vpn.List
	normal  string              // the order where vpn.List names none, or an unknown one
	newest  bool                // normal is descending
	tie     string              // a unique column, which makes the order the same on every page
	filters map[string]string   // column, by the name in vpn.List
	tags    bool                // the filter "tag" finds a tag by key or by key=value
}

// readPage reads one page. For a page after the last one it reads the last one: rows may have been deleted
// since. An empty filter value filters nothing.
func readPage[R, T any](q *gorm.DB, l vpn.List, s listing, n noun, to func(R) (T, error)) (vpn.Page[T], error) {
	l = l.Bounded()
	q = s.narrow(q.Model(new(R)), l).Session(&gorm.Session{}) // each use below starts from here
	p := vpn.Page[T]{Size: l.Size, Number: 1}
	var rows []R
	var err error
	if l.Page == 1 {
		if rows, err = pageRows[R](q, l, s, 1); err != nil {
			return p, n.read(err, "")
		}
		p.Total = len(rows)
	}
	if l.Page > 1 || len(rows) == l.Size { // otherwise the first page has all rows, and counting would repeat the search
		var total int64
		if err := q.Count(&total).Error; err != nil {
			return p, n.read(err, "")
		}
		p.Total = int(total)
	}
	if l.Page > 1 {
		p.Number = min(l.Page, p.Pages())
		if rows, err = pageRows[R](q, l, s, p.Number); err != nil {
			return p, n.read(err, "")
		}
	}
	p.Items, err = mapRows(rows, n, to)
	return p, err
}

// narrow leaves the rows that a list's search and its filters by stored columns find.
func (s listing) narrow(q *gorm.DB, l vpn.List) *gorm.DB {
	for name, column := range s.filters {
		if v := l.Filter[name]; v != "" {
			q = q.Where(column+" = ?", clean(v))
		}
	}
	if tag := fold(l.Filter["tag"]); tag != "" && s.tags {
		q = q.Where(`search || ? LIKE ? ESCAPE '\'`, separator, "%"+escapeLike(tagPattern(tag))+"%")
	}
	if term := fold(strings.TrimSpace(l.Search)); term != "" {
		q = q.Where(`search LIKE ? ESCAPE '\'`, "%"+escapeLike(term)+"%")
	}
	return q
}

// pageRows reads the keys of the page from an index alone, and then the rows of those keys.
func pageRows[R any](q *gorm.DB, l vpn.List, s listing, number int) ([]R, error) {
	keys := q.Select(s.tie).Order(s.order(l)).Limit(l.Size).Offset((number - 1) * l.Size)
	var rows []R
	err := q.Session(&gorm.Session{NewDB: true}).Where(s.tie+" IN (?)", keys).Order(s.order(l)).Find(&rows).Error
	return rows, err
}

func (s listing) order(l vpn.List) string {
	columns, known := s.orders[l.Sort]
	desc := l.Desc
	if !known {
		columns = s.orders[s.normal]
		desc = desc || s.newest
	}
	direction := ""
	if desc {
		direction = " DESC"
	}
	terms := make([]string, 0, len(columns)+1)
	for _, c := range columns {
		terms = append(terms, c+direction)
	}
	return strings.Join(append(terms, s.tie+direction), ", ")
}

// tagPattern is how a tag stands in the text that a search looks at (tagWords): a whole "key=value", or the key.
func tagPattern(tag string) string {
	if strings.Contains(tag, "=") {
		return separator + tag + separator
	}
	return separator + tag + "="
}

var likeEscaper = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

func escapeLike(s string) string { return likeEscaper.Replace(s) }
