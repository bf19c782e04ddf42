package vpn

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxBanner is the number of characters of a client login banner (guide, "Client login banner").
const MaxBanner = 1400

// maxBannerLines keeps a banner within the 100 messages that an OpenVPN client keeps for its user interface: each line
// is one message, and a text of MaxBanner characters has up to 26 more.
const maxBannerLines = 60

// checkBanner records what is wrong with the text of a client login banner.
func checkBanner(c *Check, enabled bool, text string) {
	const field = "banner"
	lines := strings.Count(text, "\n") + 1
	n := utf8.RuneCountInString(text)
	switch {
	case !utf8.ValidString(text):
		c.Bad(field, "The banner is not valid UTF-8 text.")
	case enabled && strings.TrimSpace(text) == "":
		c.Bad(field, "Enter the text that clients show, or switch the banner off.")
	case n > MaxBanner:
		c.Bad(field, fmt.Sprintf("The banner has %d characters; at most %d are possible.", n, MaxBanner))
	case lines > maxBannerLines:
		c.Bad(field, fmt.Sprintf("The banner has %d lines; at most %d are possible.", lines, maxBannerLines))
	default:
		if i := strings.IndexFunc(text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }); i >= 0 {
			r, _ := utf8.DecodeRuneInString(text[i:])
			c.Bad(field, fmt.Sprintf("The banner is plain text; %s is not allowed.", describeRune(r)))
		}
	}
}
