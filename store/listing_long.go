package store

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"slices"

	"gorm.io/gorm"

	"sallyport/vpn"
)

// maxCounted is how many rows of a long list are counted: to count 100,000 takes longer than to read a page.
const maxCounted = 1000

// longListing is what a long list can be sorted by. A page is read from the key of a row on, so that every page
// costs the same, however far it is from the first.
type longListing[R any] struct {
	orders map[string]keyColumn[R] // by the name in vpn.List
	normal string                  // the order where vpn.List names none, newest first
	first  bool                    // normal is ascending
	number func(R) int64           // the column "number", which makes the order unique
}

// keyColumn is a column that rows are sorted by; of gives its value, an int64 or a string.
type keyColumn[R any] struct {
	column string
	of     func(R) any
}

// place is where a page begins: at a row with this value of the order's column and this number.
type place struct {
	order  string
	value  any
	number int64
}

// readLong reads one page. Where the place that vpn.List names has no rows behind it, it reads the first page.
func readLong[R any](q *gorm.DB, l vpn.List, s longListing[R], n noun) (vpn.Page[R], error) {
	l = l.Bounded()
	q = q.Model(new(R)).Session(&gorm.Session{})
	order, desc := l.Sort, l.Desc
	if _, known := s.orders[order]; !known {
		order, desc = s.normal, !s.first
	}
	back := l.Before != ""
	from, resumes := s.parse(l.After+l.Before, order)
	direction, beyond := " ASC", " > "
	if desc != (back && resumes) {
		direction, beyond = " DESC", " < "
	}
	column := s.orders[order].column
	by := column + direction + ", number" + direction
	keys := q.Order(by).Limit(l.Size + 1)
	if resumes {
		keys = keys.Where("("+column+", number)"+beyond+"(?, ?)", from.value, from.number)
	}
	p := vpn.Page[R]{Size: l.Size, Number: 1, Long: true}
	var numbers []int64 // two statements: a database that joins the rows to the keys may read them all
	if err := keys.Pluck("number", &numbers).Error; err != nil {
		return p, n.read(err, "")
	}
	if err := q.Session(&gorm.Session{NewDB: true}).Where("number IN " + numberList(numbers)).Order(by).Find(&p.Items).Error; err != nil {
		return p, n.read(err, "")
	}
	more := len(p.Items) > l.Size
	if resumes && (len(p.Items) == 0 || back && !more) { // the first page is a whole one
		l.After, l.Before = "", ""
		return readLong(q, l, s, n)
	}
	if more {
		p.Items = p.Items[:l.Size]
	}
	if resumes && back {
		slices.Reverse(p.Items)
	}
	if more || resumes && back {
		p.Next = s.placeOf(p.Items[len(p.Items)-1], order)
	}
	if resumes {
		p.Prev = s.placeOf(p.Items[0], order)
	}
	if !more && !resumes {
		p.Total = len(p.Items)
		return p, nil
	}
	var err error
	p.Total, p.More, err = countSome(q, n)
	return p, err
}

// countSome counts at most maxCounted rows, and tells whether there are more.
func countSome(q *gorm.DB, n noun) (int, bool, error) {
	var total int64
	some := q.Session(&gorm.Session{}).Select("1").Limit(maxCounted + 1)
	err := q.Session(&gorm.Session{NewDB: true}).Table("(?) AS counted", some).Count(&total).Error
	return min(int(total), maxCounted), total > maxCounted, n.read(err, "")
}

// placeOf is the place of a row as text.
func (s longListing[R]) placeOf(row R, order string) string {
	text, err := json.Marshal([]any{order, s.orders[order].of(row), s.number(row)})
	if err != nil {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// parse reads a place of the given order. It is false for every other text.
func (s longListing[R]) parse(text, order string) (place, bool) {
	var p place
	var value json.Number
	var fields []json.RawMessage
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || json.Unmarshal(raw, &fields) != nil || len(fields) != 3 ||
		json.Unmarshal(fields[0], &p.order) != nil || p.order != order || json.Unmarshal(fields[2], &p.number) != nil {
		return p, false
	}
	var row R
	switch s.orders[order].of(row).(type) {
	case string:
		var text string
		if json.Unmarshal(fields[1], &text) != nil || !isStorable(text) {
			return p, false
		}
		p.value = text
	default:
		decoder := json.NewDecoder(bytes.NewReader(fields[1]))
		if decoder.Decode(&value) != nil {
			return p, false
		}
		number, err := value.Int64()
		if err != nil {
			return p, false
		}
		p.value = number
	}
	return p, true
}
