package tutorial

import (
	"strconv"

	"github.com/labstack/echo/v4"

	"sallyport/control/tutorial"
	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
)

// View shows the tutorial, with the steps that are done and the next one.
func (h *Tutorial) View(c echo.Context) error {
	steps, err := h.tutorial.GettingStarted(page.Context(c), page.Principal(c))
	if err != nil {
		return err
	}
	chrome := h.pages.Chrome(c, "Getting started", "start")
	v := startView(steps, chrome.MayChange)
	v.Live = page.Live(c, "tutorial", page.RenewSeldom, v)
	return page.RenderLive(c, v.Live, views.StartPage(chrome, v))
}

// startView numbers the steps, as docs/getting-started.md does.
func startView(steps []tutorial.Step, mayChange bool) views.Start {
	var out views.Start
	for i, s := range steps {
		text := stepTexts[s.Key]
		step := views.Step{
			Mark: strconv.Itoa(i + 1), Title: text.title, Texts: text.texts, Note: s.Note, Done: s.Done, Next: s.Next, Optional: s.Optional, Needed: s.Needed,
			Actions: text.actions(s, mayChange),
		}
		if s.Key == tutorial.Endpoint && s.Endpoint.ID != "" {
			step.Endpoint = &s.Endpoint
		}
		if s.Done {
			step.Mark = "✓"
			out.Done++
		}
		out.Total++
		out.Steps = append(out.Steps, step)
	}
	return out
}
