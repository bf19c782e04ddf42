package admin

import (
	"fmt"

	"github.com/labstack/echo/v4"

	"sallyport/views/parts"
	"sallyport/vpn"
)

// finder offers a search where a form cannot list every choice, or where one was searched for;
// otherwise it is nil.
func finder(c echo.Context, path, noun string, more bool, hidden ...parts.Hidden) *parts.Finder {
	typed := find(c)
	if !more && typed == "" {
		return nil
	}
	f := &parts.Finder{Path: path, Label: "Search " + noun, Value: typed, Hidden: hidden}
	switch {
	case more && typed == "":
		f.Text = fmt.Sprintf("There are more %s than the form below can list; it offers %d of them. Search for the one you want before you fill in the form.", noun, vpn.MaxPageSize)
	case more:
		f.Text = fmt.Sprintf("Too many %s match: the form below offers %d of them.", noun, vpn.MaxPageSize)
	default:
		f.Text = "The form below offers the " + noun + " that match."
	}
	return f
}
