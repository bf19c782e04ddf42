package parts

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/a-h/templ"
)

// Follow says what a control has to do with a choice of the same form. Without scripts the control is always shown and
// its help says when it counts; scripts follow the choice at once. What was typed stays and is posted in either case.
type Follow struct {
	Choice   string            // name of the radio, select or checkbox field; empty: the control follows none
	Chosen   string            // value of that field, Ticked of a checkbox; empty: nothing is chosen yet
	Shown    []string          // the choices with which scripts show the control; empty: all
	Required []string          // the choices with which it must be filled in; empty: Field.Required says it
	Proposed map[string]string // what is in the control by choice until the user types something else
}

// The choices of a checkbox.
const (
	TickedOn  = "on"
	TickedOff = "off"
)

// Ticked is the choice of a checkbox.
func Ticked(on bool) string { return YesNo(on, TickedOn, TickedOff) }

// proposedSuffix ends the name of the hidden value that tells what a control held as a proposal.
const proposedSuffix = "_proposed"

// Typed gives what the user typed into a control with proposals: nothing where the control still holds what was proposed.
func Typed(value, proposed string) string {
	if strings.TrimSpace(value) == proposed {
		return ""
	}
	return value
}

// optional tells whether the label says so. A control that some choice needs is not called optional before the choice.
func (f Field) optional() bool {
	if len(f.Follow.Required) > 0 {
		return f.Follow.Chosen != "" && !slices.Contains(f.Follow.Required, f.Follow.Chosen)
	}
	return !f.Required
}

// must tells whether the control has to be filled in with what is chosen now.
func (f Field) must() bool {
	return f.Required || slices.Contains(f.Follow.Required, f.Follow.Chosen)
}

func (f Field) proposed() string { return f.Follow.Proposed[f.Follow.Chosen] }

// followAttributes are for the script. A control with an error stays in sight.
func (f Field) followAttributes() templ.Attributes {
	if f.Follow.Choice == "" {
		return nil
	}
	a := templ.Attributes{"data-follows": f.Follow.Choice}
	if len(f.Follow.Shown) > 0 && f.Err == "" {
		a["data-shown"] = strings.Join(f.Follow.Shown, " ")
	}
	if len(f.Follow.Required) > 0 {
		a["data-required"] = strings.Join(f.Follow.Required, " ")
	}
	if len(f.Follow.Proposed) > 0 {
		text, _ := json.Marshal(f.Follow.Proposed) // of strings it cannot fail
		a["data-proposals"] = string(text)
	}
	return a
}
