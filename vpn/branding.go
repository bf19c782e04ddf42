package vpn

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Branding is what the administrators have the public pages say of themselves.
type Branding struct {
	Title   string // empty: the product's name
	Contact string // whom users ask, see ContactLink; every visitor sees it
	Help    string // plain text with line breaks, for users who are signed in
	Logo    LogoRef
	Version int
}

// LogoRef is a stored logo without its picture.
type LogoRef struct {
	Digest        string // SHA-256 of the PNG file, in hex; empty: there is no logo
	Width, Height int
}

// BrandingEdit is a form that changes the branding.
type BrandingEdit struct {
	Version    int
	Title      string
	Contact    string
	Help       string
	Logo       *Logo // another one; nil: it stays
	RemoveLogo bool
}

// The most characters of the texts.
const (
	MaxPortalTitle   = 40
	MaxPortalContact = 200
	MaxPortalHelp    = 2000
)

// Edit applies a form. Fields: title, contact, help. Stale where another administrator saved after the form was filled.
func (b *Branding) Edit(e BrandingEdit) error {
	var c Check
	next := Branding{Title: strings.TrimSpace(e.Title), Contact: strings.TrimSpace(e.Contact), Help: strings.TrimSpace(strings.ReplaceAll(e.Help, "\r\n", "\n")), Logo: b.Logo, Version: b.Version + 1}
	checkLine(&c, "title", "The title", next.Title, MaxPortalTitle)
	checkContact(&c, next.Contact)
	switch n := utf8.RuneCountInString(next.Help); {
	case !utf8.ValidString(next.Help) || strings.ContainsFunc(next.Help, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }):
		c.Bad("help", "The help is plain text: control characters are not allowed.")
	case n > MaxPortalHelp:
		c.Bad("help", fmt.Sprintf("The help has %d characters; at most %d are possible.", n, MaxPortalHelp))
	}
	if e.Version != b.Version {
		return ErrStale("page").Beside(c.fields)
	}
	if err := c.Err(); err != nil {
		return err
	}
	if e.RemoveLogo {
		next.Logo = LogoRef{}
	}
	if e.Logo != nil {
		next.Logo = e.Logo.LogoRef
	}
	*b = next
	return nil
}

func checkLine(c *Check, field, what, text string, most int) {
	switch n := utf8.RuneCountInString(text); {
	case !isPrintable(text):
		c.Bad(field, what+" is one line of plain text.")
	case n > most:
		c.Bad(field, fmt.Sprintf("%s has %d characters; at most %d are possible.", what, n, most))
	}
}
