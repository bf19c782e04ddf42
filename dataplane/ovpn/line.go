package ovpn

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

const (
	// maxLine is the longest line, in bytes, that may be sent to a worker: OpenVPN refuses a longer
	// parameter, and cuts a longer directive in two and reads the second part as another directive.
	maxLine = 255
	// maxPendingLine is the same for pendingAuth, whose one long parameter is shorter than maxLine. OpenVPN reads lines of
	// up to 1024 bytes.
	maxPendingLine = 400
)

// encodeLines returns the bytes for a management socket; everything that is sent passes it. It refuses
// control characters, which would end a line and start another, and lines that OpenVPN would cut.
func encodeLines(lines []string) ([]byte, error) {
	var b strings.Builder
	for _, l := range lines {
		limit := maxLine
		if strings.HasPrefix(l, pendingCommand) {
			limit = maxPendingLine
		}
		if len(l) > limit {
			return nil, fmt.Errorf("a line of %d bytes for OpenVPN, which accepts %d", len(l), limit)
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

// quoteParameter makes s one parameter of a command.
func quoteParameter(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// fitSentence makes a text for a client or a log fit one parameter of at most n bytes when quoted. A
// text that is too long is cut, not refused, so that a denial with a long reason is still sent.
func fitSentence(s string, n int) string {
	s = strings.Map(func(r rune) rune {
		if isControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	for len(quoteParameter(s)) > n {
		s = truncate(s, len(s)-1)
	}
	return s
}

const ellipsis = "…"

// truncate cuts s to at most n bytes between two runes, and adds an ellipsis where it fits.
func truncate(s string, n int) string {
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
