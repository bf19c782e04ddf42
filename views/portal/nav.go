package portal

import "context"

// Nav is what the frame of a page shows to a user who is signed in.
type Nav struct {
	User    string     // the name
	Entries []NavEntry // the pages of the portal that the user has, in order
	Here    string     // the path of the entry to which the page belongs
}

// many is from how many endpoints on a page leads to what stands below them.
const many = 3

// NavEntry is a page of the portal.
type NavEntry struct {
	Path  string
	Label string // one or two short words: four entries stand side by side on a telephone
	Icon  string // the ID of a symbol in portal.svg
}

// Brand is what the administrators have the public pages be called.
type Brand struct {
	Title                 string
	Logo                  string // path of the picture; empty: the product's own
	LogoWidth, LogoHeight int    // in pixels
	Contact               string // whom users ask
	Help                  string // plain text with line breaks, for users who are signed in
	Preview               bool   // nothing on the page acts
}

type brandKey struct{}

// WithBrand has the pages that are rendered with the context carry a brand. Without one they carry the product's name and
// logo, as the error page does where the database does not answer.
func WithBrand(ctx context.Context, b Brand) context.Context {
	return context.WithValue(ctx, brandKey{}, b)
}

// ProductName is the title of the public pages where the administrators have set none.
const ProductName = "Sallyport"

func brandOf(ctx context.Context) Brand {
	b, _ := ctx.Value(brandKey{}).(Brand)
	if b.Title == "" {
		b.Title = ProductName
	}
	return b
}
