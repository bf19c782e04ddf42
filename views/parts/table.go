package parts

import (
	"net/url"
	"slices"
	"strconv"

	"github.com/a-h/templ"
)

// List is a table without its rows: columns, search, order and page. The rows are children of Table.
type List struct {
	Path    string     // path of the page with the list, for example "/networks"
	Extra   url.Values // further query parameters that links and the search box keep
	Caption string     // names the table for screen readers
	Noun    string     // "network"
	Plural  string     // "networks"
	Search  string
	Hint    string // what the search box finds, for example "name, ID or CIDR"
	Sort    string
	Desc    bool
	Page    int
	Pages   int
	Total   int
	Columns []Column
	Empty   Empty
	Filters []Filter
	Part    string // id of the element around the table, which a search replaces
	Size    int    // rows a page
	NoFile  bool   // there is no export

	Comfortable bool // high rows

	// Several rows can be chosen for an action. Each row then begins with Pick.
	Bulk   []BulkAction
	Picked map[string]bool // rows whose box is ticked, by the box's value
	AllOn  bool            // every box is ticked

	// A long list has no page numbers (vpn.Page).
	Long       bool
	More       bool // there are more rows than Total
	Next, Prev string
}

// PickName is the name of the boxes that choose rows.
const PickName = "id"

// BulkAction is an action on the chosen rows. Path is the page that asks for confirmation.
type BulkAction struct {
	Label string
	Path  string
}

// allColumns are the columns with that of the boxes.
func (l List) allColumns() []Column {
	if len(l.Bulk) == 0 {
		return l.Columns
	}
	return append([]Column{{Label: "Select", pick: true}}, l.Columns...)
}

// hrefAllOn is the list with every box ticked, for a browser without scripts.
func (l List) hrefAllOn() string {
	v := l.sorted(l.values())
	v.Set("pick", "all")
	if l.Page > 1 {
		v.Set("page", strconv.Itoa(l.Page))
	}
	return l.href(v)
}

// Filter narrows a list to one value of a field.
type Filter struct {
	Name    string
	Label   string
	Value   string // chosen; empty: none
	Options []Option
	Text    bool // any value can be typed; the label says what
}

func (f Filter) chosen() string {
	for _, o := range f.Options {
		if o.Value == f.Value {
			return o.Label
		}
	}
	return f.Value
}

// PageSizes are the numbers of rows of a page that can be chosen.
var PageSizes = []int{25, 50, 100, 200}

// narrowed tells whether a search or a filter hides rows.
func (l List) narrowed() bool {
	return l.Search != "" || slices.ContainsFunc(l.Filters, func(f Filter) bool { return f.Value != "" })
}

// self is the address of the list as it is shown.
func (l List) self() string { return l.hrefPage(l.Page) }

// hrefFile is the address of the list as a file.
func (l List) hrefFile() string {
	v := l.sorted(l.values())
	v.Set("format", "csv")
	return l.href(v)
}

// hrefWithout is the list without one of its filters.
func (l List) hrefWithout(name string) string {
	v := l.sorted(l.values())
	v.Del(name)
	return l.href(v)
}

func (l List) class() string {
	if l.Comfortable {
		return "table table-vcenter card-table"
	}
	return "table table-vcenter card-table table-compact"
}

// searching makes htmx show what is found while one types.
func (l List) searching() templ.Attributes {
	if l.Part == "" {
		return nil
	}
	return templ.Attributes{
		"hx-get": l.Path, "hx-trigger": "input delay:300ms, change", "hx-target": "#" + l.Part, "hx-select": "#" + l.Part,
		"hx-swap": "outerHTML", "hx-replace-url": "true", "hx-sync": "this:replace",
	}
}

// Column is a table's column; one with a Key can be sorted by it.
type Column struct {
	Key   string
	Label string
	Right bool     // numbers
	Quiet bool     // the label is for screen readers only: buttons
	Below []Column // what the second line of a cell shows

	pick bool
}

// Heads are columns that have labels and nothing else.
func Heads(labels ...string) []Column {
	columns := make([]Column, len(labels))
	for i, l := range labels {
		columns[i].Label = l
	}
	return columns
}

// ActionsColumn is the column with the buttons of each row. A list without buttons, for those who may change nothing, does not have it.
func ActionsColumn() Column { return Column{Label: "Actions", Right: true} }

// Empty is what a list without rows shows.
type Empty struct {
	Title  string
	Text   string // what to do next
	Action Button
}

func (l List) values() url.Values {
	v := url.Values{}
	for k, vs := range l.Extra {
		v[k] = vs
	}
	for _, f := range l.Filters {
		if f.Value != "" {
			v.Set(f.Name, f.Value)
		}
	}
	return v
}

func (l List) href(v url.Values) string {
	if len(v) == 0 {
		return l.Path
	}
	return l.Path + "?" + v.Encode()
}

func (l List) sorted(v url.Values) url.Values {
	if l.Search != "" {
		v.Set("q", l.Search)
	}
	if l.Sort != "" {
		v.Set("sort", l.Sort)
	}
	if l.Desc {
		v.Set("dir", "desc")
	}
	return v
}

func (l List) hrefPage(n int) string {
	v := l.sorted(l.values())
	if n > 1 {
		v.Set("page", strconv.Itoa(n))
	}
	return l.href(v)
}

// hrefPlace is the page of a long list that begins after, or ends before, a place.
func (l List) hrefPlace(name, place string) string {
	v := l.sorted(l.values())
	if place != "" {
		v.Set(name, place)
	}
	return l.href(v)
}

// hrefSort sorts by a column, or reverses the order where the list is sorted by it already.
func (l List) hrefSort(key string) string {
	v := l.values()
	if l.Search != "" {
		v.Set("q", l.Search)
	}
	v.Set("sort", key)
	if l.Sort == key && !l.Desc {
		v.Set("dir", "desc")
	}
	return l.href(v)
}

func (l List) ariaSort(c Column) string {
	switch {
	case c.Key == "" || c.Key != l.Sort:
		return "none"
	case l.Desc:
		return "descending"
	default:
		return "ascending"
	}
}

// sorting tells a screen reader whether the list is sorted by one of the lines of a column.
func (l List) sorting(c Column) templ.Attributes {
	lines := append([]Column{c}, c.Below...)
	for _, line := range lines {
		if l.ariaSort(line) != "none" {
			return templ.Attributes{"aria-sort": l.ariaSort(line)}
		}
	}
	if slices.ContainsFunc(lines, func(c Column) bool { return c.Key != "" }) {
		return templ.Attributes{"aria-sort": "none"}
	}
	return nil
}

// sortable are the columns, and the second lines of columns, by which the list can be sorted.
func (l List) sortable() []Column {
	var out []Column
	for _, c := range l.Columns {
		for _, line := range append([]Column{c}, c.Below...) {
			if line.Key != "" {
				out = append(out, line)
			}
		}
	}
	return out
}

func (l List) sortMark(c Column) string {
	switch l.ariaSort(c) {
	case "ascending":
		return "▴"
	case "descending":
		return "▾"
	default:
		return "↕"
	}
}

func (c Column) class() string {
	if c.Right {
		return "text-end"
	}
	return ""
}

// count is the number of rows with its noun: "1 network", "1,234 networks", "more than 1,000 connections".
func (l List) count() string {
	if l.More {
		return "more than " + Number(l.Total) + " " + l.Plural
	}
	if l.Total == 1 {
		return "1 " + l.Noun
	}
	return Number(l.Total) + " " + l.Plural
}

func (l List) placeholder() string {
	if l.Hint == "" {
		return "Search " + l.Plural
	}
	return "Search by " + l.Hint
}
