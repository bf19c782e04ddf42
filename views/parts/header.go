package parts

import (
	"strings"

	"github.com/a-h/templ"
)

// Header is the top of a page: breadcrumbs, title, state. The actions are children of PageHeader.
type Header struct {
	Crumbs []Crumb
	Title  string
	State  string // drawn as a chip beside the title; empty: none
	Note   string // one sentence below
}

// Crumb is one link of the breadcrumbs.
type Crumb struct{ Label, Href string }

// Tab is a link to a page about a part of a thing.
type Tab struct {
	Label   string
	Href    string
	Count   string // drawn beside the label; empty: none
	CountID string // id of the element with the count, for a page that renews it; empty: none
	Current bool
}

// Pair is a label and a value. The first of Body, When, State, Copy, Href that is set decides
// how the value is drawn.
type Pair struct {
	Label string
	Value string
	Href  string
	Copy  bool
	Mono  bool
	Wide  bool // has a line of its own: a long value
	State bool
	When  *When
	Body  templ.Component
	Help  string
}

// Action is a line of an ActionMenu.
type Action struct {
	Label, Href string
	File        bool   // it leads to a file
	Note        string // what has to come first; empty: nothing
}

// Fact makes a pair whose value is plain text; an empty value is drawn as a dash.
func Fact(label, value string) Pair { return Pair{Label: label, Value: value} }

// FactTime makes a pair whose value is a time.
func FactTime(label string, w When) Pair { return Pair{Label: label, When: &w} }

// Confirm is the step before something is lost.
type Confirm struct {
	Crumbs   []Crumb  // the way to what it is about
	Title    string   // "Delete network office?"
	Text     string   // one or two sentences: what happens
	Losses   []string // each thing that will be deleted
	About    string   // what stands above the things instead, where none is lost: "These accounts:"
	People   string   // how many clients are connected, as a sentence; empty: not shown
	Stay     []Pair   // things that the change leaves as they are, and why
	Facts    []Pair
	Action   string
	Button   string // "Delete"
	Cancel   string
	Hidden   []Hidden
	Typed    string // the word that must be typed; empty: none
	TypedErr string // what was wrong with it
	Err      string // why it was refused
	Blocked  string // what prevents it, as a sentence: there is no button then; empty: nothing
}

// shownLosses is how many losses are shown at once; the others are folded where more than one is left.
const shownLosses = 8

func (c Confirm) first() []string {
	if len(c.Losses) <= shownLosses+1 {
		return c.Losses
	}
	return c.Losses[:shownLosses]
}

func (c Confirm) more() []string { return c.Losses[len(c.first()):] }

// heading is no question where the change is not possible.
func (c Confirm) heading() string {
	if c.Blocked != "" {
		return strings.TrimSuffix(c.Title, "?")
	}
	return c.Title
}

func (c Confirm) typedField() Field {
	return Field{
		Name: "confirm", Label: "To confirm, type " + c.Typed + " here", Err: c.TypedErr,
		Required: true, Autocomplete: "off", Mono: true, Placeholder: c.Typed, Expect: c.Typed,
	}
}
