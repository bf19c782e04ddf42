package vpn

import (
	"bytes"
	"encoding/hex"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// CanonicalGroup is the one spelling of a group ID that is the DN of a group: as RFC 4514 writes it, in lower case, with
// single spaces and with its letters instead of escaped bytes. Directories answer with another spelling than administrators
// type, and compare without case and further spaces (RFC 4518). An ID that is no DN of two parts or more, such as a SID,
// stays as it is.
func CanonicalGroup(id string) string {
	parts, ok := splitDN(id)
	if !ok || len(parts) < 2 {
		return id
	}
	return strings.Join(parts, ",")
}

// CanonicalGroups is CanonicalGroup of each.
func CanonicalGroups(ids []string) []string {
	return IDsOf(ids, CanonicalGroup)
}

// SameGroup compares group IDs. Rules and sessions of earlier versions have other spellings.
func SameGroup(a, b string) bool { return a == b || CanonicalGroup(a) == CanonicalGroup(b) }

// hasGroup tells whether a group is among others.
func hasGroup(groups []string, id string) bool {
	return slices.ContainsFunc(groups, func(g string) bool { return SameGroup(g, id) })
}

// splitDN gives the parts of a DN in their canonical spelling; false where the text is no DN.
func splitDN(dn string) (parts []string, ok bool) {
	var pairs []string // of one part
	for rest := dn; ; {
		name, after, found := strings.Cut(rest, "=")
		name = strings.ToLower(strings.Trim(name, " "))
		if !found || !isAttributeName(name) {
			return nil, false
		}
		value, end, ok := cutValue(after)
		if !ok {
			return nil, false
		}
		pairs = append(pairs, name+"="+value)
		if end == len(after) || after[end] != '+' {
			slices.Sort(pairs)
			parts, pairs = append(parts, strings.Join(pairs, "+")), nil
		}
		if end == len(after) {
			return parts, true
		}
		rest = after[end+1:]
	}
}

// isAttributeName tells whether text is the name or the number of an attribute.
func isAttributeName(s string) bool {
	return s != "" && strings.IndexFunc(s, func(r rune) bool {
		return r != '-' && r != '.' && (r < '0' || r > '9') && (r < 'a' || r > 'z')
	}) < 0
}

const specialInDN = `"+,;<>\`

// cutValue reads the value that a text begins with, up to a separator or the end.
func cutValue(text string) (canonical string, end int, ok bool) {
	var raw []byte
	for ; end < len(text); end++ {
		switch c := text[end]; {
		case c == ',' || c == ';' || c == '+':
			return writeValue(raw, text), end, true
		case c == 0 || strings.IndexByte(specialInDN, c) >= 0 && c != '\\':
			return "", 0, false
		case c != '\\':
			raw = append(raw, c)
			continue
		}
		if end+1 == len(text) {
			return "", 0, false
		}
		if next := text[end+1]; strings.IndexByte(specialInDN+" #=", next) >= 0 {
			raw = append(raw, next)
			end++
			continue
		}
		b, err := hex.DecodeString(text[end+1 : min(end+3, len(text))])
		if err != nil || len(b) != 1 {
			return "", 0, false
		}
		raw = append(raw, b...)
		end += 2
	}
	return writeValue(raw, text), end, true
}

// writeValue escapes what RFC 4514 demands, and what cannot be printed. text is what the value was read from.
func writeValue(raw []byte, text string) string {
	asBytes := strings.HasPrefix(strings.TrimLeft(text, " "), "#") // the value is written as the bytes of its encoding
	var out []byte
	for rest := bytes.Trim(raw, " "); len(rest) > 0; {
		r, size := utf8.DecodeRune(rest)
		octets := rest[:size]
		rest = rest[size:]
		switch {
		case r == ' ' && out[len(out)-1] == ' ':
		case strings.ContainsRune(specialInDN, r) || r == '#' && len(out) == 0 && !asBytes:
			out = append(out, '\\', byte(r))
		case r == utf8.RuneError && size == 1 || !unicode.IsPrint(r):
			for _, b := range octets {
				out = append(out, '\\')
				out = hex.AppendEncode(out, []byte{b})
			}
		default:
			out = utf8.AppendRune(out, unicode.ToLower(r))
		}
	}
	return string(out)
}
