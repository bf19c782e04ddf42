package page

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"sallyport/control"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
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
	Crumbs  []parts.Crumb
	Title   string // "Remove 3 authorization rules?"
	Text    string // what happens
	Rows    []Row
	People  string
	Button  string
	Section string
	Path    string       // of the form; its GET asks, its POST acts
	List    string       // path of the list
	About   string       // what stands above the rows, where they are not lost
	Typed   string       // the word that must be typed; empty: none
	Stay    []parts.Pair // rows that the action leaves as they are, and why
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

// RowsByID makes rows of what is read one by one. What is not there any more is left out.
func RowsByID[I vpn.ID](ids []I, name func(I) (string, error)) ([]Row, error) {
	var out []Row
	for _, id := range ids {
		text, err := name(id)
		switch {
		case err == nil:
			out = append(out, Row{ID: string(id), Name: text})
		case vpn.KindOf(err) != vpn.NotFound:
			return nil, err
		}
	}
	return out, nil
}

// Choose reads which rows a request chooses: what the confirmation says about them, and their IDs.
type Choose[I vpn.ID] func(echo.Context) (Several, []I, error)

// AskSeveral asks for confirmation of an action on the rows that the request chooses.
func AskSeveral[I vpn.ID](p *Pages, c echo.Context, choose Choose[I]) error {
	s, _, err := choose(c)
	if err != nil {
		return err
	}
	return p.confirmSeveral(c, s, nil)
}

// ActOnSeveral acts on the rows that the request chooses. act returns how many were changed and which were refused;
// done is the sentence about a number of rows. Where the word was not typed the page asks again.
func ActOnSeveral[I vpn.ID](p *Pages, c echo.Context, choose Choose[I], act func([]I) (int, []control.RefusedRow, error), done func(int) string) error {
	s, ids, err := choose(c)
	if err != nil {
		return err
	}
	if len(ids) == 0 {
		return p.confirmSeveral(c, s, nil)
	}
	if s.Typed != "" && strings.TrimSpace(c.FormValue("confirm")) != s.Typed {
		var check vpn.Check
		check.Bad("confirm", "Type the word "+s.Typed+" to confirm.")
		return p.confirmSeveral(c, s, check.Err())
	}
	n, refused, err := act(ids)
	if err != nil {
		return err
	}
	return p.DoneSeveral(c, s, n, done(n), refused)
}

// OneByOne acts on each row by a change of its own.
func OneByOne[I vpn.ID](change func(I) error) func([]I) (int, []control.RefusedRow, error) {
	return func(ids []I) (int, []control.RefusedRow, error) {
		done, refused, err := control.Several(ids, change)
		return len(done), refused, err
	}
}

// confirmSeveral asks. The answer leads back to the list as it was narrowed.
func (p *Pages) confirmSeveral(c echo.Context, s Several, refused error) error {
	back := LocalPath(strings.TrimSpace(c.FormValue("return")), s.List)
	confirm := parts.Confirm{
		Title: s.Title, Text: s.Text, People: s.People, Action: s.Path, Cancel: back, Button: s.Button, Stay: s.Stay, About: s.About, Crumbs: s.Crumbs,
		Hidden: []parts.Hidden{{Name: "return", Value: back}},
		Typed:  s.Typed, Err: Refusal(refused), TypedErr: vpn.FieldsOf(refused)["confirm"],
	}
	for _, r := range s.Rows {
		confirm.Losses = append(confirm.Losses, r.Name)
		confirm.Hidden = append(confirm.Hidden, parts.Hidden{Name: parts.PickName, Value: r.ID})
	}
	switch {
	case len(s.Rows) > 0:
	case len(s.Stay) > 0:
		confirm.Title, confirm.Blocked = s.Button, "None of the chosen rows can be changed."
	default:
		confirm.Title, confirm.Blocked = s.Button, "Select at least one row of the list: none of those that were chosen is there any more."
	}
	return RenderForm(c, refused, views.ConfirmPage(p.Chrome(c, s.Button, s.Section), confirm))
}

// DoneSeveral shows the result of an action on several rows: the list, or a page that names each row that was
// refused and why. done is the sentence about the rows that were changed.
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
		result.Refused = append(result.Refused, parts.Fact(name, rowRefusal(r.Err)))
	}
	return Render(c, http.StatusUnprocessableEntity, views.BulkResultPage(p.Chrome(c, s.Button, s.Section), result))
}

// rowRefusal is why a row was refused. The list has no fields to put sentences beside.
func rowRefusal(err error) string {
	fields := vpn.FieldsOf(err)
	if len(fields) == 0 {
		return Refusal(err)
	}
	var sentences []string
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		sentences = append(sentences, fields[name])
	}
	return strings.Join(sentences, " ")
}
