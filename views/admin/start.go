package admin

import (
	"sallyport/views/parts"
	"sallyport/vpn"
)

// Step is one step of the tutorial.
type Step struct {
	Mark     string // in the circle: the number of the step, or a tick
	Title    string
	Texts    []string
	Note     string           // about its present state
	Endpoint *vpn.EndpointRef // the endpoint that this step and those below are about, where the step names it
	Done     bool
	Next     bool
	Optional bool
	Needed   bool // an optional step that this endpoint needs
	Actions  []parts.Button
}

// Start is the getting-started page.
type Start struct {
	Done, Total int
	Steps       []Step
	Live        parts.Live
}

// finished tells whether nothing is left to do but what is optional.
func (s Start) finished() bool {
	for _, step := range s.Steps {
		if !step.Done && !step.Optional {
			return false
		}
	}
	return len(s.Steps) > 0
}

// word is the state of a step as text; the tick and the colour repeat it.
func (s Step) word() string {
	switch {
	case s.Done:
		return "done"
	case s.Next:
		return "next"
	case s.Optional:
		return "optional"
	case s.Needed:
		return "needed"
	default:
		return ""
	}
}

func (s Step) class() string {
	if s.Next {
		return "guide-step guide-step-next"
	}
	return "guide-step"
}

func (s Step) markClass() string {
	if s.Done {
		return "guide-mark guide-mark-done"
	}
	return "guide-mark"
}
