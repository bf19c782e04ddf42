package vpn

import (
	"fmt"
	"net/mail"
	"net/url"
	"strings"
)

// How many digits a telephone number has.
const (
	fewestPhoneDigits = 3
	mostPhoneDigits   = 15
)

// ContactLink is where a contact leads: an address for e-mail, a telephone number, or a page by https. False: the text is none
// of them.
func ContactLink(text string) (href string, ok bool) {
	if text == "" || !isPrintable(text) || strings.ContainsAny(text, `<>"`) {
		return "", false
	}
	if a, err := mail.ParseAddress(text); err == nil && a.Address == text && !strings.Contains(text, " ") {
		return "mailto:" + url.PathEscape(text), true
	}
	if u, err := url.Parse(text); err == nil && u.Scheme == "https" && u.Hostname() != "" && u.User == nil && !strings.Contains(text, " ") {
		return u.String(), true
	}
	return phoneLink(text)
}

// phoneLink leads to a telephone number as people write it. The (0) of an international number is not dialled.
func phoneLink(text string) (href string, ok bool) {
	rest, international := strings.CutPrefix(text, "+")
	number := rest
	if international {
		number = strings.Replace(number, "(0)", "", 1)
	}
	number = strings.Map(func(r rune) rune {
		if strings.ContainsRune(" ()-./", r) {
			return -1
		}
		return r
	}, number)
	if len(number) < fewestPhoneDigits || len(number) > mostPhoneDigits || strings.Trim(number, "0123456789") != "" {
		return "", false
	}
	if international {
		number = "+" + number
	}
	return "tel:" + number, true
}

// checkContact checks the contact of the public pages. Field: contact.
func checkContact(c *Check, text string) {
	if text == "" {
		return
	}
	if n := len([]rune(text)); n > MaxPortalContact {
		c.Bad("contact", fmt.Sprintf("The contact has %d characters; at most %d are possible.", n, MaxPortalContact))
		return
	}
	if _, ok := ContactLink(text); !ok {
		c.Bad("contact", "Enter an e-mail address, a telephone number, or the address of a page that begins with https://. Other words belong into the help text.")
	}
}
