package vpn

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxCommonName is the longest common name of a certificate in bytes of UTF-8. It is OpenVPN's
// limit: a peer refuses a certificate whose common name has more.
const MaxCommonName = 64

// delimiters end a quoted value in an OpenVPN configuration file, which names the server.
const delimiters = `"\`

// CheckCommonName tells why a certificate cannot have this common name, or "". Certificates that
// are issued here and certificates that are imported obey the same rule: at most MaxCommonName
// bytes of printable characters of any script, without the two delimiters of a configuration file.
func CheckCommonName(cn string) string {
	switch {
	case cn == "":
		return "The common name (CN) is empty; it names the certificate's holder."
	case !utf8.ValidString(cn):
		return "The common name (CN) is not valid UTF-8 text."
	}
	for _, r := range cn {
		switch {
		case isControl(r):
			return fmt.Sprintf("The common name (CN) contains %s. It may have letters, digits, spaces and punctuation, at most %d bytes in UTF-8, and no control characters.", describeRune(r), MaxCommonName)
		case !unicode.IsPrint(r):
			return fmt.Sprintf("The common name (CN) contains %s. It may have letters, digits, ordinary spaces and punctuation, at most %d bytes in UTF-8.", describeRune(r), MaxCommonName)
		case strings.ContainsRune(delimiters, r):
			return fmt.Sprintf("The common name (CN) contains %s, which ends a value in OpenVPN's configuration files. It may have letters, digits, spaces and other punctuation, at most %d bytes in UTF-8.", describeRune(r), MaxCommonName)
		}
	}
	n := len(cn)
	if n <= MaxCommonName {
		return ""
	}
	fault := fmt.Sprintf("The common name (CN) has %d bytes in UTF-8; OpenVPN accepts at most %d bytes.", n, MaxCommonName)
	if utf8.RuneCountInString(cn) < n {
		fault += " Letters outside English take two to four bytes each."
	}
	return fault
}

// commonNameFault tells the client why a common name that OpenVPN has verified cannot name a user,
// or nil. Such a certificate was issued elsewhere. What can be shown and logged without misleading
// its reader is accepted, also where CheckCommonName would refuse it.
func commonNameFault(cn string) *Error {
	const ask = " Ask your administrator for another certificate."
	if cn == "" {
		return Refuse(Denied, CodeCommonNameMissing, "Your certificate has no common name."+ask)
	}
	if !utf8.ValidString(cn) {
		return Refuse(Denied, CodeCommonNameInvalid, "Your certificate's common name is not valid UTF-8 text."+ask)
	}
	for _, r := range cn {
		if isControl(r) {
			return Refuse(Denied, CodeCommonNameInvalid, "Your certificate's common name contains "+describeRune(r)+", which is not allowed."+ask)
		}
	}
	return nil
}

// isControl reports whether a character has an effect instead of a look: the C0 and C1 controls, DEL,
// NUL, the direction and other format controls, and the line and paragraph separators.
func isControl(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
}

// PrintableText is text with each control character and each byte that is not UTF-8 replaced by
// U+FFFD, for text that a client chose and a person reads.
func PrintableText(s string) string {
	return strings.Map(func(r rune) rune {
		if isControl(r) {
			return utf8.RuneError
		}
		return r
	}, strings.ToValidUTF8(s, string(utf8.RuneError)))
}

// nameFromCommonName is the display name of a certificate that was given none: its common name
// without the characters that a name cannot have. It is empty where nothing is left.
func nameFromCommonName(cn string) string {
	name := strings.Map(func(r rune) rune {
		switch {
		case strings.ContainsRune("'’`´", r): // O'Brien is OBrien
			return -1
		case allowedIn(r, nameMarks):
			return r
		}
		return ' '
	}, cn)
	return strings.Join(strings.Fields(name), " ")
}
