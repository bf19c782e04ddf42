package page

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"sallyport/control"
	views "sallyport/views/admin"
	"sallyport/views/parts"
)

// Picked are the rows that the request chooses, each once: of a query or of a form.
func Picked[I ~string](c echo.Context) []I {
	values := c.QueryParams()[parts.PickName]
	if c.Request().Method == http.MethodPost {
		form, err := c.FormParams()
		if err != nil {
			return nil
		}
		values = form[parts.PickName]
	}
	seen, out := map[string]bool{}, []I{}
	for _, v := range values {
		if !seen[v] && len(out) < maxPicked {
			seen[v] = true
			out = append(out, I(v))
		}
	}
	return out
}

// maxPicked is the most rows of one request: a confirmation must stay readable.
const maxPicked = 1000

// Several asks for confirmation of an action on several rows of a list.
type Several struct {
	Title   string // "Remove 3 authorization rules?"
	Text    string // what happens
	Rows    []Row
	People  string
	Button  string
	Section string
	Path    string // of the form; its GET asks, its POST acts
	List    string // path of the list
}

// Row is a row of a list by its ID and by what a person calls it.
type Row struct{ ID, Name string }

// RowsOf makes rows.
func RowsOf[T any](list []T, row func(T) Row) []Row {
	out := make([]Row, len(list))
	for i, x := range list {
		out[i] = row(x)
	}
	return out
}

// ConfirmSeveral asks. The answer leads back to the list as it was narrowed.
func (p *Pages) ConfirmSeveral(c echo.Context, s Several) error {
	back := LocalPath(c.QueryParam("return"), s.List)
	confirm := parts.Confirm{
		Title: s.Title, Text: s.Text, People: s.People, Action: s.Path, Cancel: back, Button: s.Button,
		Hidden: []parts.Hidden{{Name: "return", Value: back}},
	}
	for _, r := range s.Rows {
		confirm.Losses = append(confirm.Losses, r.Name)
		confirm.Hidden = append(confirm.Hidden, parts.Hidden{Name: parts.PickName, Value: r.ID})
	}
	if len(s.Rows) == 0 {
		confirm.Title, confirm.Blocked = s.Button, "Select at least one row of the list: none of those that were chosen is there any more."
	}
	return Render(c, http.StatusOK, views.ConfirmPage(p.Chrome(c, s.Button, s.Section), confirm))
}

// DoneSeveral shows the result of an action on several rows: the list, or a page that names each row that was
// refused and why. done is the sentence about a number of rows.
func (p *Pages) DoneSeveral(c echo.Context, s Several, n int, done string, refused []control.RefusedRow) error {
	back := LocalPath(strings.TrimSpace(c.FormValue("return")), s.List)
	if len(refused) == 0 {
		return p.Done(c, done, back)
	}
	result := views.BulkResult{Title: s.Button, Back: back}
	if n > 0 {
		result.Done = done
	}
	for _, r := range refused {
		name := r.Row
		for _, row := range s.Rows {
			if row.ID == r.Row {
				name = row.Name
			}
		}
		result.Refused = append(result.Refused, parts.Fact(name, Refusal(r.Err)))
	}
	return Render(c, http.StatusUnprocessableEntity, views.BulkResultPage(p.Chrome(c, s.Button, s.Section), result))
}
