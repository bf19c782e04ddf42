package parts

import "github.com/a-h/templ"

// attributes are common to all controls. The forms switch the validation of the browser off
// (novalidate): the sentences of the server say more, and they survive a reload.
func (f Field) attributes() templ.Attributes {
	a := templ.Attributes{
		"required":  f.must() && f.Type != "checkbox",
		"disabled":  f.Disabled,
		"autofocus": f.Focus,
	}
	set := func(name, value string) {
		if value != "" {
			a[name] = value
		}
	}
	set("placeholder", f.Placeholder)
	set("autocomplete", f.Autocomplete)
	set("inputmode", f.InputMode)
	set("data-confirm-text", f.Expect)
	set("aria-describedby", f.describedBy())
	if len(f.Suggestions) > 0 {
		a["list"] = f.id() + "-list"
	}
	if f.MaxLength > 0 {
		a["maxlength"] = f.MaxLength
	}
	if f.Count > 0 {
		a["data-count"] = f.Count
	}
	if f.Err != "" {
		a["aria-invalid"] = "true"
	}
	if f.Mono {
		a["spellcheck"] = "false"
		a["autocapitalize"] = "off"
	}
	return a
}

// choiceAttributes are those of one checkbox of several. A radio button has none: its group is described.
func (f Field) choiceAttributes() templ.Attributes {
	if f.Type != "checks" || f.Err == "" {
		return nil
	}
	return templ.Attributes{"aria-invalid": "true", "aria-describedby": f.describedBy()}
}

func (f Field) groupAttributes() templ.Attributes {
	a := templ.Attributes{}
	if d := f.describedBy(); d != "" {
		a["aria-describedby"] = d
	}
	if f.Err != "" {
		a["aria-invalid"] = "true"
	}
	return a
}
