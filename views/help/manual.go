// Package help is the documentation of the repository as pages of the console.
package help

import (
	"cmp"
	"io/fs"
	"strings"
	"sync"

	"github.com/a-h/templ"

	"sallyport/docs"
)

// Path is the first page of the help. Each other page is below it, by the name of its file.
const Path = "/help"

// index is the page that lists the others.
const index = "README"

// left out: what only developers read.
var notShown = map[string]bool{"architecture": true}

// Page is a page of the documentation.
type Page struct {
	Name     string // of its file, without .md; empty: the index
	Title    string
	HTML     string // without the title; of the program's own files alone
	Sections []Section
}

// Section is a part of a page under a heading, or what stands before the first one.
type Section struct {
	Heading string // empty: before the first one
	Anchor  string
	text    string // what it says, without markup
	found   sought
}

// sought is what a search looks at in a section: in lower case, and by its words, so that none is cut out for each search.
type sought struct {
	heading, body           string // of a page's beginning the heading is the title
	headingWords, bodyWords map[string]bool
}

func soughtIn(heading, body string) sought {
	heading, body = strings.ToLower(heading), strings.ToLower(body)
	return sought{heading, body, wordsOf(heading), wordsOf(body)}
}

// Href is the URL of the page in the console.
func (p Page) Href() string {
	if p.Name == "" {
		return Path
	}
	return Path + "/" + p.Name
}

// Href is the URL of the section on its page.
func (s Section) Href() string { return "#" + s.Anchor }

// Body draws the page. Its HTML is rendered from files of the program, in which the renderer leaves no HTML of their own.
func (p Page) Body() templ.Component { return templ.Raw(p.HTML) }

// Manual is every page.
type Manual struct {
	pages []Page // the index first, then in its order
	named map[string]int
}

// Open gives the documentation. It is read once.
var Open = sync.OnceValue(func() *Manual { return read(docs.Files) })

// Page finds a page by its name.
func (m *Manual) Page(name string) (Page, bool) {
	i, ok := m.named[name]
	if !ok {
		return Page{}, false
	}
	return m.pages[i], true
}

// Pages are the pages in the order of the index, without it.
func (m *Manual) Pages() []Page { return m.pages[1:] }

// read renders the pages. A page that the index does not name is left out: the test of the documentation finds it.
func read(files fs.FS) *Manual {
	m := &Manual{named: map[string]int{}}
	add := func(name string, p Page) {
		if _, known := m.named[name]; !known {
			for i, s := range p.Sections {
				p.Sections[i].found = soughtIn(cmp.Or(s.Heading, p.Title), s.text)
			}
			m.named[name] = len(m.pages)
			m.pages = append(m.pages, p)
		}
	}
	first, links := render(files, index)
	add("", first)
	for _, name := range links {
		p, _ := render(files, name)
		add(name, p)
	}
	return m
}

// shown tells whether a link of a page leads to another page of the help, and to which name and fragment.
func shown(files fs.FS, target string) (name, fragment string, ok bool) {
	file, fragment, _ := strings.Cut(target, "#")
	name, isPage := strings.CutSuffix(file, ".md")
	if !isPage || name == "" || strings.Contains(name, "/") || notShown[name] {
		return "", "", false
	}
	if _, err := fs.Stat(files, file); err != nil {
		return "", "", false
	}
	return name, fragment, true
}
