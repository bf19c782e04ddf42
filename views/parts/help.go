package parts

import "context"

type helpKey struct{}

// WithHelp has the heading of a page, which is drawn with the context, lead to a page of the help.
func WithHelp(ctx context.Context, href string) context.Context {
	return context.WithValue(ctx, helpKey{}, href)
}

// helpOf is that page; empty: none.
func helpOf(ctx context.Context) string {
	href, _ := ctx.Value(helpKey{}).(string)
	return href
}
