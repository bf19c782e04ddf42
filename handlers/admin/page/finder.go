package page

import (
	"fmt"

	"github.com/labstack/echo/v4"

	"sallyport/views/parts"
	"sallyport/vpn"
)

// Finder is the search for a form that cannot list all choices, or whose choices were searched;
// otherwise nil.
func Finder(c echo.Context, path, noun string, more bool, hidden ...parts.Hidden) *parts.Finder {
	typed := Find(c)
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
