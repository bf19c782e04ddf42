package ovpn

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// maxLine is the longest line that may go to a worker: OpenVPN refuses a longer parameter, cuts
// a longer directive in two and takes the second half for a directive of its own.
const maxLine = 255

// encode is the one way to a management socket. It refuses control characters, which would end
// a line and begin another, and lines that OpenVPN would cut.
func encode(lines []string) ([]byte, error) {
	var b strings.Builder
	for _, l := range lines {
		if len(l) > maxLine {
			return nil, fmt.Errorf("a line of %d bytes for OpenVPN, which takes %d", len(l), maxLine)
		}
		if !utf8.ValidString(l) || strings.ContainsFunc(l, isControl) {
			return nil, fmt.Errorf("a control character in a line for OpenVPN")
		}
		b.WriteString(l)
		b.WriteByte('\n')
	}
	return []byte(b.String()), nil
}

func isControl(r rune) bool { return r < 0x20 || r >= 0x7f && r < 0xa0 }

// quote makes s one parameter of a command.
func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// sentence makes text for a client or a log fit one parameter of at most n bytes once quoted.
// A long reason must not keep a denial from being sent, so it is cut rather than refused.
func sentence(s string, n int) string {
	s = strings.Map(func(r rune) rune {
		if isControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	for len(quote(s)) > n {
		s = shorten(s, len(s)-1)
	}
	return s
}

const ellipsis = "…"

// shorten cuts s to at most n bytes at a rune's edge, and says so where there is room.
func shorten(s string, n int) string {
	if len(s) <= n {
		return s
	}
	mark := ellipsis
	if n < len(mark) {
		mark = ""
	}
	cut := max(n-len(mark), 0)
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + mark
}
