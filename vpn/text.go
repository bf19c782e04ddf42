package vpn

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Longest texts, in characters.
const (
	MaxName        = 255 // as a name tag of the guide's service
	MaxDescription = 255
	MaxTags        = 50
	MaxTagKey      = 128
	MaxTagValue    = 256
)

// nameMarks are the characters besides letters, digits and spaces that a name may have: those
// that a tag may have. Names end up in file names, log lines and profiles, so that quotes,
// angle brackets and line breaks stay out even though every output escapes.
const nameMarks = "_.:/=+-@"

// checkName records what is wrong with a name.
func checkName(c *Check, field, name string, required bool) string {
	name = strings.TrimSpace(name)
	switch n := utf8.RuneCountInString(name); {
	case !utf8.ValidString(name):
		c.Bad(field, "The name is not valid UTF-8 text.")
	case n == 0 && required:
		c.Bad(field, "Enter a name.")
	case n > MaxName:
		c.Bad(field, fmt.Sprintf("The name has %d characters; at most %d are possible.", n, MaxName))
	default:
		if r, bad := firstOutside(name, nameMarks); bad {
			c.Bad(field, fmt.Sprintf("The name may have letters, digits, spaces and %s; %s is not allowed.", nameMarks, describeRune(r)))
		}
	}
	return name
}

// checkDescription records what is wrong with a description: any printable text on one line.
func checkDescription(c *Check, field, text string) string {
	text = strings.TrimSpace(text)
	if !utf8.ValidString(text) {
		c.Bad(field, "The description is not valid UTF-8 text.")
		return text
	}
	if n := utf8.RuneCountInString(text); n > MaxDescription {
		c.Bad(field, fmt.Sprintf("The description has %d characters; at most %d are possible.", n, MaxDescription))
	}
	for _, r := range text {
		if !unicode.IsPrint(r) {
			c.Bad(field, fmt.Sprintf("The description is one line of printable text; %s is not allowed.", describeRune(r)))
			break
		}
	}
	return text
}

func firstOutside(s, marks string) (rune, bool) {
	for _, r := range s {
		if !allowedIn(r, marks) {
			return r, true
		}
	}
	return 0, false
}

// allowedIn reports whether r is a letter, a digit, an ordinary space or one of marks.
func allowedIn(r rune, marks string) bool {
	return r == ' ' || unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) || strings.ContainsRune(marks, r)
}

func describeRune(r rune) string {
	switch {
	case r == '\n' || r == '\r':
		return "a line break"
	case r == '\t':
		return "a tab"
	case unicode.IsControl(r):
		return fmt.Sprintf("the control character U+%04X", r)
	case isControl(r):
		return fmt.Sprintf("the invisible format character U+%04X", r)
	case !unicode.IsPrint(r):
		return fmt.Sprintf("the character U+%04X, which has no visible form", r)
	default:
		return fmt.Sprintf("“%c”", r)
	}
}

// Tag is a key and a value that administrators attach to a resource; Sallyport gives it no meaning.
type Tag struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// Is tells whether the tag is what a person looks for: its key, or "key=value", in any case.
func (t Tag) Is(text string) bool {
	key, value, whole := strings.Cut(text, "=")
	return strings.EqualFold(t.Key, key) && (!whole || strings.EqualFold(t.Value, value))
}

// NormalizeTags trims tags, leaves out empty rows and refuses repeated or overlong keys. Errors
// are recorded for the form field "tags".
func NormalizeTags(c *Check, tags []Tag) []Tag {
	seen := map[string]bool{}
	var out []Tag
	for _, t := range tags {
		t.Key, t.Value = strings.TrimSpace(t.Key), strings.TrimSpace(t.Value)
		if t.Key == "" && t.Value == "" {
			continue
		}
		switch {
		case t.Key == "":
			c.Also("tags", fmt.Sprintf("The tag value %q has no key.", t.Value))
		case utf8.RuneCountInString(t.Key) > MaxTagKey:
			c.Also("tags", fmt.Sprintf("A tag key may have at most %d characters.", MaxTagKey))
		case utf8.RuneCountInString(t.Value) > MaxTagValue:
			c.Also("tags", fmt.Sprintf("A tag value may have at most %d characters.", MaxTagValue))
		case seen[t.Key]:
			c.Also("tags", fmt.Sprintf("The tag key %q is repeated.", t.Key))
		}
		if r, bad := firstOutside(t.Key+t.Value, nameMarks); bad {
			c.Also("tags", fmt.Sprintf("Tags may have letters, digits, spaces and %s; %s is not allowed.", nameMarks, describeRune(r)))
		}
		seen[t.Key] = true
		out = append(out, t)
	}
	if len(out) > MaxTags {
		c.Also("tags", fmt.Sprintf("There are %d tags; at most %d are possible.", len(out), MaxTags))
	}
	return out
}

func isPrintable(s string) bool {
	for _, r := range s {
		if !unicode.IsPrint(r) {
			return false
		}
	}
	return utf8.ValidString(s)
}
