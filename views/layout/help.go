package layout

import (
	"context"
	"io"

	"github.com/a-h/templ"

	"sallyport/views/parts"
)

// aboutPage draws its children so that the heading among them leads to a page of the help. The heading is deep in what each
// page draws: through the context no page has to hand the URL on.
func aboutPage(href string) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		children := templ.GetChildren(ctx)
		return children.Render(parts.WithHelp(templ.ClearChildren(ctx), href), w)
	})
}
