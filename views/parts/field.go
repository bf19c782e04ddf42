package parts

import (
	"slices"

	"github.com/a-h/templ"
)

// Field is one control of a form, with what the user typed and what is wrong with it.
type Field struct {
	Name         string // name in the posted form; also the id of the element unless ID is set
	ID           string
	Type         string // text (default), password, number, textarea, select, radio, checkbox, checks (several of the options), file, tags, find (a text with a button that searches), fact (text that cannot be changed)
	Label        string
	Value        string
	Values       []string // of checks: the ticked options
	Section      string   // title of the form's section that it is in; empty: above all sections
	Help         string   // one or two sentences below the label
	Small        string   // a line in small print below the help
	Key          string   // what the setting is called in the configuration, before the small print; empty: nothing
	Err          string
	Placeholder  string
	Autocomplete string
	InputMode    string
	Options      []Option // of select, radio and checks
	Suggestions  []string // values that a text box offers; others can be typed
	Rows         int      // of textarea
	Upload       string   // of textarea: name of a control below it that takes the text from files; empty: none
	Several      bool     // of Upload: more than one file can be chosen
	MaxLength    int      // 0: none
	Count        int      // shows while typing how many of this many characters are used; 0: not shown
	Tags         TagRows  // of tags
	Checked      bool     // of checkbox
	Required     bool
	Follow       Follow // the choice of the form that it follows; zero: none
	Disabled     bool
	Mono         bool   // a fixed-width font, for addresses and PEM
	Expect       string // the word to type; scripts disable the submit button until then
	Focus        bool   // the first control of a page that is only a form
}

// Option is one choice of a select or radio field.
type Option struct {
	Value    string
	Label    string
	Help     string // shown under a radio choice; ignored by selects
	Group    string // heading of a select's choices that follow each other with the same one; empty: none
	Disabled bool
}

// optionGroup is a run of choices with one heading.
type optionGroup struct {
	heading string
	options []Option
}

// groupOptions splits choices where their heading changes.
func groupOptions(options []Option) []optionGroup {
	var out []optionGroup
	for _, o := range options {
		if n := len(out); n == 0 || out[n-1].heading != o.Group {
			out = append(out, optionGroup{heading: o.Group})
		}
		last := &out[len(out)-1]
		last.options = append(last.options, o)
	}
	return out
}

// Hidden is a hidden value of a form.
type Hidden struct{ Name, Value string }

// SearchName is the name of the button of a field of type find.
func SearchName(field string) string { return field + "_search" }

func (f Field) id() string {
	if f.ID != "" {
		return f.ID
	}
	return f.Name
}

// optionID gives the first radio choice the id of the field, so that the link of the error summary
// leads to it.
func (f Field) optionID(i int) string {
	if i == 0 {
		return f.id()
	}
	return f.id() + "-" + f.Options[i].Value
}

// choiceType is the type of the input of one choice of several.
func (f Field) choiceType() string {
	if f.Type == "checks" {
		return "checkbox"
	}
	return "radio"
}

// chosen tells whether a choice is the field's value, or one of them.
func (f Field) chosen(o Option) bool {
	if f.Type == "checks" {
		return slices.Contains(f.Values, o.Value)
	}
	return o.Value == f.Value
}

func (f Field) inputType() string {
	if f.Type == "" {
		return "text"
	}
	return f.Type
}

func (f Field) helps() bool { return f.Help != "" || f.Small != "" || f.Key != "" }

// describedBy lists the ids of the elements that explain the control to a screen reader.
func (f Field) describedBy() string {
	var s string
	if f.helps() {
		s = f.id() + "-help"
	}
	if f.Err != "" {
		if s != "" {
			s += " "
		}
		s += f.id() + "-error"
	}
	return s
}

func (f Field) class(base string) string {
	if f.Mono {
		base += " font-monospace"
	}
	if f.Err != "" {
		base += " is-invalid"
	}
	return base
}

// uploadLabel names the control that takes the text from files.
func (f Field) uploadLabel() string {
	return "or choose or drop " + YesNo(f.Several, "files", "a file")
}

func (f Field) uploadAttributes() templ.Attributes {
	return templ.Attributes{"multiple": f.Several, "disabled": f.Disabled, "aria-label": f.Label + ", " + f.uploadLabel()}
}

func (f Field) rows() int {
	if f.Rows > 0 {
		return f.Rows
	}
	return 4
}

// Form is a card with a form in it.
type Form struct {
	Title  string
	Intro  string
	Action string // path that it posts to
	Submit string
	// Destroys tells that what is sent takes something away: the button looks like it.
	Destroys bool
	Cancel   string // path of the link "Cancel"; empty: no such link
	Fields   []Field
	// Sections are the headings of the form, in their order. Each field names its own.
	Sections []Section
	Hidden   []Hidden
	Err      string   // sentence of the error summary; empty: nothing is wrong
	Code     string   // of the refusal, beside its sentence; empty: not shown
	Orphans  []string // error sentences of fields that this form does not have
	Files    bool     // it uploads files
	Gets     bool     // its answer is a file: the page stays, and scripts take an earlier refusal away
	// Username is in a hidden control: a password manager reads from it which account the password is of.
	Username string
}

// Fail puts the sentence of a refusal into the error summary and the sentence of each field beside the
// field. Sentences of fields that the form does not have go to Orphans, so that none is lost.
func (f *Form) Fail(msg string, fields map[string]string) {
	f.Err = msg
	left := map[string]string{}
	for name, sentence := range fields {
		left[name] = sentence
	}
	for i := range f.Fields {
		if s, ok := left[f.Fields[i].Name]; ok {
			f.Fields[i].Err = s
			delete(left, f.Fields[i].Name)
		}
	}
	for _, s := range left {
		f.Orphans = append(f.Orphans, s)
	}
	slices.Sort(f.Orphans)
}

// Failed tells whether anything is wrong.
func (f Form) Failed() bool { return f.Err != "" }

// SavedBefore gives, by field name, a sentence for each field whose saved value differs from what was typed in f.
// saved are the same fields, filled with what another administrator saved in the meantime.
func (f Form) SavedBefore(saved []Field) map[string]string {
	out := map[string]string{}
	for _, other := range saved {
		for _, mine := range f.Fields {
			if other.Name == "" || mine.Name != other.Name || mine.Value == other.Value && mine.Checked == other.Checked {
				continue
			}
			out[other.Name] = "Another administrator saved: " + other.shown() + "."
		}
	}
	return out
}

// Change is a field with its value before and after a change.
type Change struct {
	Label, Was, Is string
	Long           bool // of several lines
}

// Changes lists the fields whose values differ. Both lists have the same fields.
func Changes(before, after []Field) []Change {
	var out []Change
	for _, old := range before {
		for _, f := range after {
			if f.Name != "" && f.Name == old.Name && (f.Value != old.Value || f.Checked != old.Checked) {
				out = append(out, Change{Label: f.Label, Was: old.plain(), Is: f.plain(), Long: f.Type == "textarea"})
			}
		}
	}
	return out
}

// plain is the value of a field in a sentence about a change.
func (f Field) plain() string {
	if f.Type == "checkbox" {
		return YesNo(f.Checked, "on", "off")
	}
	for _, o := range f.Options {
		if o.Value == f.Value {
			return o.Label
		}
	}
	return f.Value
}

// shown is the value of a field as the person sees it.
func (f Field) shown() string {
	if f.Type == "checkbox" {
		return YesNo(f.Checked, "ticked", "not ticked")
	}
	text := f.Value
	for _, o := range f.Options {
		if o.Value == f.Value {
			text = o.Label
		}
	}
	if text == "" {
		return "nothing"
	}
	return "“" + text + "”"
}
