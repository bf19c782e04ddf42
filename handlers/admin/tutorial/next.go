package tutorial

import (
	"slices"

	"github.com/labstack/echo/v4"

	"sallyport/control/tutorial"
	"sallyport/handlers/admin/page"
	"sallyport/vpn"
)

// Next is the link from a success to the first step from one to another that is still to do, and otherwise as given. It leads through
// the tutorial without the way back to its page; where the tutorial was dismissed or the steps are done, it is as given.
func (h Tutorial) Next(c echo.Context, from, to tutorial.Key, otherwise ...page.Next) []page.Next {
	within := false
	for _, s := range h.open(c) {
		within = within || s.Key == from
		if within && !s.Done && !s.Optional {
			if a := stepTexts[s.Key].actions(s, true); len(a) > 0 {
				return []page.Next{{Label: a[0].Label, Href: a[0].Href}}
			}
		}
		if s.Key == to {
			break
		}
	}
	return otherwise
}

// InternetNext adds the step of the tutorial that gives access to the internet to what a success offers, where the tutorial is about the
// endpoint and the step is still to do: first where the endpoint needs it. It is not offered any more once the endpoint's file was downloaded: the endpoint is as it is meant to be.
func (h Tutorial) InternetNext(c echo.Context, id vpn.EndpointID, others ...page.Next) []page.Next {
	out := others
	for _, s := range h.open(c) {
		switch {
		case s.Key == tutorial.Configuration && s.Done:
			return others
		case s.Key == tutorial.Internet && !s.Done && s.Endpoint.ID == id:
			internet := page.Next{Label: Title(s.Key), Href: stepTexts[s.Key].actions(s, true)[0].Href}
			if out = append(slices.Clone(others), internet); s.Needed {
				out = append([]page.Next{internet}, others...)
			}
		}
	}
	return out
}

// open gives the steps where the tutorial leads. Where they cannot be read the change was made all the same, and nothing leads on.
func (h Tutorial) open(c echo.Context) []tutorial.Step {
	if Dismissed(c) {
		return nil
	}
	steps, err := h.tutorial.GettingStarted(page.Context(c), page.Principal(c))
	if err != nil {
		return nil
	}
	return steps
}
