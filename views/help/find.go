package help

import (
	"slices"
	"strings"
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

// Find gives the sections that have every word of a text, at most most of them: those first that have a word in their title
// or heading.
func (m *Manual) Find(words string, most int) []Found {
	terms := strings.Fields(strings.ToLower(words))
	if len(terms) == 0 {
		return nil
	}
	var out []Found
	for _, p := range m.Pages() {
		for _, s := range p.Sections {
			title, text := strings.ToLower(p.Title), strings.ToLower(s.Heading)
			body := strings.ToLower(s.text)
			rank, all := 0, true
			for _, t := range terms {
				switch {
				case strings.Contains(text, t):
					rank += 3
				case strings.Contains(title, t) && s.Heading == "":
					rank += 4
				case strings.Contains(body, t):
					rank++
				default:
					all = false
				}
			}
			if !all {
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
