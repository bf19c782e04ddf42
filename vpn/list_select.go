package vpn

import (
	"slices"
	"strings"
)

// Fields is how a list in memory is searched, sorted and filtered: lists that show what no column holds, such as a
// state.
type Fields[T any] struct {
	Search  func(T) []string                        // the texts that a search looks at
	Orders  map[string]func(a, b T) int             // by the name in List.Sort
	Usual   func(a, b T) int                        // the order where List.Sort names none, and among equals
	Filters map[string]func(x T, value string) bool // whether x has the value of List.Filter, by its name
}

// Select gives the page of items that a list asks for. For a page after the last one it gives the last one.
func Select[T any](items []T, l List, f Fields[T]) Page[T] {
	l = l.Bounded()
	term := strings.ToLower(strings.TrimSpace(l.Search))
	var found []T
	for _, x := range items {
		if f.matches(x, l.Filter, term) {
			found = append(found, x)
		}
	}
	order := f.Orders[l.Sort]
	if order == nil {
		order = f.Usual
	}
	slices.SortStableFunc(found, func(a, b T) int {
		n := order(a, b)
		if n == 0 {
			return f.Usual(a, b)
		}
		if l.Desc {
			return -n
		}
		return n
	})
	p := Page[T]{Total: len(found), Size: l.Size}
	p.Number = min(l.Page, p.Pages())
	first := (p.Number - 1) * l.Size
	p.Items = found[first:min(first+l.Size, len(found))]
	return p
}

func (f Fields[T]) matches(x T, filter map[string]string, term string) bool {
	for name, has := range f.Filters {
		if want := filter[name]; want != "" && !has(x, want) {
			return false
		}
	}
	if term == "" {
		return true
	}
	return slices.ContainsFunc(f.Search(x), func(s string) bool { return strings.Contains(strings.ToLower(s), term) })
}
