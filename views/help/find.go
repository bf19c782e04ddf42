package help

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Found is a section that a search finds.
type Found struct {
	Page    string // title
	Heading string // empty: the page's beginning
	Href    string
	Extract string // some words around the first one that was found
	rank    int
}

// Title is the title of the page, with the heading.
func (f Found) Title() string {
	if f.Heading == "" {
		return f.Page
	}
	return f.Page + ": " + f.Heading
}

// Find gives the sections that have every word of a text, at most most of them. The best come first: those with the whole text as
// their heading (of a page's beginning: its title), then those with it in their heading, then by how many of the words are in
// the heading and whether as whole words. Of equal ones the order is that of the pages.
func (m *Manual) Find(words string, most int) []Found {
	terms := strings.Fields(strings.ToLower(words))
	if len(terms) == 0 {
		return nil
	}
	var out []Found
	for _, p := range m.Pages() {
		for _, s := range p.Sections {
			rank := s.found.rank(terms)
			if rank == 0 {
				continue
			}
			found := Found{Page: p.Title, Heading: s.Heading, Href: p.Href(), Extract: extract(s.text, terms), rank: rank}
			if s.Anchor != "" {
				found.Href += "#" + s.Anchor
			}
			out = append(out, found)
		}
	}
	slices.SortStableFunc(out, func(a, b Found) int { return b.rank - a.rank })
	return out[:min(len(out), most)]
}

// rank is how well a section fits to what is searched for; 0: it does not have every word.
func (s sought) rank(terms []string) int {
	rank := 0
	for _, t := range terms {
		switch {
		case s.headingWords[t]:
			rank += 8
		case strings.Contains(s.heading, t):
			rank += 4
		case s.bodyWords[t]:
			rank += 2
		case strings.Contains(s.body, t):
			rank++
		default:
			return 0
		}
	}
	switch phrase := strings.Join(terms, " "); {
	case s.heading == phrase:
		rank += 200
	case strings.Contains(s.heading, phrase):
		rank += 100
	case len(terms) > 1 && strings.Contains(s.body, phrase):
		rank += 2 * len(terms)
	}
	return rank
}

// wordsOf are the words of a text.
func wordsOf(text string) map[string]bool {
	words := map[string]bool{}
	for w := range strings.FieldsFuncSeq(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		words[w] = true
	}
	return words
}

// extractLength is about how many bytes of a section a search shows.
const extractLength = 180

// extract cuts the part of a text around the first of the terms, at the ends of words.
func extract(s string, terms []string) string {
	lower := strings.ToLower(s)
	at := len(s)
	for _, t := range terms {
		if i := strings.Index(lower, t); i >= 0 {
			at = min(at, i)
		}
	}
	if at == len(s) || len(lower) != len(s) { // in the heading only; or letters whose lower case has another length
		at = 0
	}
	from := max(0, at-extractLength/3)
	if from > 0 {
		if i := strings.IndexByte(s[from:], ' '); i >= 0 {
			from += i + 1
		}
	}
	to := min(len(s), from+extractLength)
	if to < len(s) {
		if i := strings.LastIndexByte(s[from:to], ' '); i > 0 {
			to = from + i
		}
	}
	for from > 0 && from < len(s) && !utf8.RuneStart(s[from]) {
		from--
	}
	out := s[from:to]
	if from > 0 {
		out = "… " + out
	}
	if to < len(s) {
		out += " …"
	}
	return out
}
