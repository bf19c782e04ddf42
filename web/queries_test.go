package web_test

import (
	"math"
	"strings"
	"testing"
)

// A list of 60 rows takes no more queries than a list of one: none is made for each row.
func TestListsTakeNoQueryForEachRow(t *testing.T) {
	t.Parallel()
	one, sixty := newCrowd(t, 1), newCrowd(t, 60)
	paths := sixty.pages()
	for name, path := range one.pages() {
		if strings.Contains(name, "deep") || strings.Contains(name, "search") || strings.Contains(name, "find") {
			continue // they find one row or none
		}
		if name == "details" {
			continue // no list: the picture shows 6 rules and counts the others
		}
		count := func(c *crowd, path string) int64 {
			path += map[bool]string{true: "&", false: "?"}[strings.Contains(path, "?")] + "size=200" // a full page counts the others by one more query
			least := int64(math.MaxInt64)
			for range 3 { // some request of a session also writes when it was seen
				before := c.queries.Load()
				c.load(t, path)
				least = min(least, c.queries.Load()-before)
			}
			return least
		}
		few, many := count(one, path), count(sixty, paths[name])
		if many > few || few == 0 {
			t.Errorf("%s: %d queries with one row, %d with 60", name, few, many)
		}
	}
}
