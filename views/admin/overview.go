package admin

import (
	"sallyport/views/layout"
	"sallyport/views/parts"
	"sallyport/vpn"
)

// Overview is the console's first page.
type Overview struct {
	Chrome      layout.Chrome
	Fragment    bool
	Live        parts.Live
	Attention   []OverviewAttention
	Figures     []OverviewFigure
	Endpoints   []vpn.EndpointSummary
	More        int // endpoints that are not listed
	Connections []vpn.ConnectionSummary
	Tutorial    *OverviewTutorial // nil: done, or dismissed
	QuickStart  bool              // offered: there is no endpoint, and the account may change something
}

// OverviewAttention is one thing that needs attention.
type OverviewAttention struct {
	Failed            bool
	Label, Text, Href string
}

// OverviewFigure is a number with its name.
type OverviewFigure struct{ Label, Value, Note, Href string }

// OverviewTutorial is the card of the tutorial.
type OverviewTutorial struct {
	Done, Total int
	Next        string // title of the next step; empty: only optional ones are left
	Action      *parts.Button
}

// StartPath is the tutorial; DismissPath takes its card from the first page.
const (
	StartPath   = "/getting-started"
	DismissPath = "/getting-started/dismiss"
)

// calm is said where no endpoint needs attention. The banner above may have something.
func (v Overview) calm() string {
	if v.Chrome.Banner.Says() {
		return "Nothing else needs your attention."
	}
	return "Nothing needs your attention."
}
