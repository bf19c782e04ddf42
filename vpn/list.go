package vpn

// List asks for one page of a list. Sort is a column's name as the store documents it; an
// unknown one sorts by the list's default. Filter holds exact matches by field name.
type List struct {
	Search string
	Sort   string
	Desc   bool
	Page   int // from 1
	Size   int // rows a page; 0 means DefaultPageSize, at most MaxPageSize
	Filter map[string]string

	// Long lists have no page numbers: After or Before is the place of a row as the last page told it
	// (Page.Next, Page.Prev). An invalid one is ignored.
	After, Before string
}

// Rows a page.
const (
	DefaultPageSize = 50
	MaxPageSize     = 200
)

// Bounded gives the request with its page and size within limits.
func (l List) Bounded() List {
	if l.Size <= 0 {
		l.Size = DefaultPageSize
	}
	l.Size = min(l.Size, MaxPageSize)
	l.Page = max(l.Page, 1)
	return l
}

// Page is one page of a list and the number of rows in all that match.
type Page[T any] struct {
	Items  []T
	Total  int
	Number int
	Size   int

	// Of a long list, which is read from a place on: More tells that there are more rows than Total, which are not
	// counted; Next and Prev are the places for List.After and List.Before, empty at the ends.
	Long       bool
	More       bool
	Next, Prev string
}

// Pages is the number of pages, at least one.
func (p Page[T]) Pages() int {
	if p.Size == 0 {
		return 1
	}
	return max(1, (p.Total+p.Size-1)/p.Size)
}

// MapPage makes a page of other items, one for each.
func MapPage[T, U any](p Page[T], f func(T) U) Page[U] {
	out := Page[U]{
		Total: p.Total, Number: p.Number, Size: p.Size, Long: p.Long, More: p.More, Next: p.Next, Prev: p.Prev, Items: make([]U, len(p.Items)),
	}
	for i, x := range p.Items {
		out.Items[i] = f(x)
	}
	return out
}

// IDsOf lists the IDs of items, in their order.
func IDsOf[T any, I ID](items []T, id func(T) I) []I {
	out := make([]I, len(items))
	for i, x := range items {
		out[i] = id(x)
	}
	return out
}
