package page

import (
	"encoding/csv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"sallyport/vpn"
)

// Cell is one column of an exported list.
type Cell[T any] struct {
	Label string
	Text  func(T) string
}

// TimeCell is a time in an exported list; empty where there was none.
func TimeCell(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// maxExported is the most rows of one file.
const maxExported = 10_000

// WantsFile tells whether a list is asked for as a file.
func WantsFile(c echo.Context) bool { return c.QueryParam("format") == "csv" }

// Export sends the rows that a list shows, on all its pages, as a CSV file.
func Export[T any](c echo.Context, name string, l vpn.List, read func(vpn.List) (vpn.Page[T], error), cells []Cell[T]) error {
	var b strings.Builder
	w := csv.NewWriter(&b)
	line := make([]string, len(cells))
	for i, cell := range cells {
		line[i] = cell.Label
	}
	_ = w.Write(line) // a strings.Builder refuses nothing
	l.Size, l.After, l.Before = vpn.MaxPageSize, "", ""
	for l.Page = 1; l.Page <= maxExported/vpn.MaxPageSize; l.Page++ {
		found, err := read(l)
		if err != nil {
			return err
		}
		for _, x := range found.Items {
			for i, cell := range cells {
				line[i] = inert(cell.Text(x))
			}
			_ = w.Write(line)
		}
		if l.After = found.Next; l.After == "" && (found.Long || l.Page >= found.Pages()) {
			break
		}
	}
	w.Flush()
	return Download(c, name+".csv", "text/csv; charset=utf-8", b.String())
}

// inert puts an apostrophe before a text that a spreadsheet would take for a formula: clients and users
// choose names.
func inert(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}
