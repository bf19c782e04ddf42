// Package tutorial holds the page "Getting started".
package tutorial

import (
	"sallyport/control/tutorial"
	"sallyport/handlers/admin/page"
)

// Tutorial is the tutorial with the state of its steps.
type Tutorial struct {
	pages    *page.Pages
	tutorial *tutorial.Service
}

// New makes the action.
func New(pages *page.Pages, t *tutorial.Service) Tutorial { return Tutorial{pages, t} }
