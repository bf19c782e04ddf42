package pki

import (
	"regexp"
	"strings"
)

// digits is what may be a part of a key that lost its BEGIN or END line.
var digits = regexp.MustCompile(`[A-Za-z0-9+/=]{40,}`)

// WithoutPrivateKeys is text as a person pasted it, without the private keys in it, for a page that
// gives a refused form back. Where a key may be left after that, nothing is.
func (Maker) WithoutPrivateKeys(text string) string {
	if labelOf([]byte(text)) != "" || len(text) > maxText {
		return "" // binary, or too long to be looked through
	}
	plain := plainText(text)
	var kept, outside strings.Builder
	found, at := false, 0
	marks := marker.FindAllStringSubmatchIndex(plain, -1)
	for i := 0; i < len(marks); i++ {
		kind, label := markerAt(plain, marks[i])
		end := len(plain)
		if i+1 < len(marks) {
			end = marks[i+1][0]
		}
		outside.WriteString(plain[at:marks[i][0]] + "\n")
		kept.WriteString(plain[at:marks[i][0]])
		at = marks[i][1]
		if kind != "BEGIN" {
			if strings.HasSuffix(label, keySuffix) {
				found = true
			} else {
				kept.WriteString(plain[marks[i][0]:marks[i][1]])
			}
			continue
		}
		if secret(label, plain[marks[i][1]:end]) {
			found = true
		} else {
			kept.WriteString(plain[marks[i][0]:end])
		}
		at = end
	}
	outside.WriteString(plain[at:])
	kept.WriteString(plain[at:])
	if len(marks) == 0 {
		if b := bareBlock(text); b != nil && certificateLabel(b.Type) {
			return text
		}
	}
	switch {
	case digits.MatchString(outside.String()), strings.Contains(strings.ToUpper(kept.String()), keySuffix):
		return ""
	case found:
		return strings.TrimSpace(kept.String()) + "\n"
	}
	return text
}

// secret reports whether a block is a private key, by its label or by its content. Content that
// cannot be read may be one.
func secret(label, body string) bool {
	if strings.HasSuffix(label, keySuffix) || strings.HasPrefix(label, "OpenVPN") {
		return true
	}
	b, _, fault := readBody(label, body)
	return fault == "" && strings.HasSuffix(labelOf(b.Bytes), keySuffix) || fault != "" && !certificateLabel(label)
}
