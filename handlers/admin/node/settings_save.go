package node

import (
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"sallyport/control/setting"
	"sallyport/control/tutorial"
	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

// SaveSettings changes the settings of the deployment.
func (h *Node) SaveSettings(c echo.Context) error {
	typed := map[string]string{}
	for _, s := range vpn.DeploymentSettings() {
		typed[s.Key] = strings.TrimSpace(c.FormValue(s.Key))
		if s.Kind == vpn.SettingSwitch {
			typed[s.Key] = strconv.FormatBool(typed[s.Key] == "on")
		}
	}
	version, _ := strconv.Atoi(c.FormValue("version")) // text that is no number is a version that was never saved
	if page.GoesBack(c) {
		return h.renderSettings(c, typed, nil)
	}
	what, err := h.deployment.AnnounceSave(page.Context(c), page.Principal(c), version, typed)
	consent := page.Consent(c)
	if err == nil && consent.Announced == "" && what.Kind() != "" {
		return h.renderAnnouncement(c, typed, what, nil)
	}
	if err == nil {
		if err = what.Check(consent); err != nil {
			return h.renderAnnouncement(c, typed, what, err)
		}
		err = h.deployment.Save(page.Context(c), page.Principal(c), version, typed, consent)
	}
	if page.BelongsInForm(err) {
		return h.renderSettings(c, typed, err)
	}
	if err != nil {
		return err
	}
	return h.pages.Done(c, "Settings saved.", "/settings", h.steps.Next(c, tutorial.Prerequisites, tutorial.Configuration)...)
}

// renderAnnouncement shows what the posted settings do to the files that were handed out; refused is why they were not
// saved, nil where that was not tried.
func (h *Node) renderAnnouncement(c echo.Context, typed map[string]string, what vpn.Announcement, refused error) error {
	saved, err := h.deployment.Settings(page.Context(c), page.Principal(c))
	if err != nil {
		return err
	}
	var before, after []parts.Field
	for _, s := range saved.Settings {
		before, after = append(before, settingField(s, nil, true)), append(after, settingField(s, typed, true))
	}
	return page.RenderAnnouncement(c, views.Announcement{
		Chrome: h.pages.Chrome(c, "Settings", "settings"), Header: parts.Header{Title: "Save settings"},
		Changes: parts.Changes(before, after),
		What:    what, Action: "/settings", Button: "Save settings", Cancel: "/settings", Back: true, Hidden: page.Typed(c),
	}, refused)
}

// settingsForm makes the form, filled with what was typed or is in force.
func settingsForm(saved setting.View, typed map[string]string, refused error, mayChange bool) parts.Form {
	f := parts.Form{Action: "/settings", Hidden: []parts.Hidden{{Name: "version", Value: strconv.Itoa(saved.Version)}}}
	if mayChange {
		f.Submit = "Save settings"
	}
	for _, s := range saved.Settings {
		f.Fields = append(f.Fields, settingField(s, typed, mayChange))
		if n := len(f.Sections); n == 0 || f.Sections[n-1].Title != s.Section {
			f.Sections = append(f.Sections, parts.Section{Title: s.Section})
		}
	}
	if refused == nil {
		return f
	}
	if vpn.KindOf(refused) != vpn.Stale {
		page.Fail(&f, refused)
		return f
	}
	var stored []parts.Field
	for _, s := range saved.Settings {
		stored = append(stored, settingField(s, nil, mayChange))
	}
	page.FailStale(&f, refused, stored)
	return f
}

func settingField(s setting.Setting, typed map[string]string, mayChange bool) parts.Field {
	value := s.Value
	if v, present := typed[s.Key]; present && s.Source == "" {
		value = v
	}
	field := parts.Field{Section: s.Section, Name: s.Key, Label: s.Label, Value: value, Help: s.Help + " " + s.Acts, Disabled: !mayChange || s.Source != "", Key: s.Key}
	var small []string
	switch s.Kind {
	case vpn.SettingSwitch:
		field.Type, field.Checked, field.Value = "checkbox", value == "true", "on"
		small = append(small, "default "+parts.YesNo(s.Preset == "true", "on", "off"))
	case vpn.SettingNumber:
		field.InputMode, field.Required = "numeric", true
		small = append(small, "from "+parts.Number(s.Least)+" to "+parts.Number(s.Most)+" "+s.Unit, "default "+s.Preset)
	default:
		field.Mono = true
		small = append(small, "default: none")
	}
	if s.Since.IsZero() && s.Source == "" {
		small = append(small, "not changed")
	} else if s.Source == "" {
		small = append(small, "changed by "+s.By+" on "+s.Since.UTC().Format("2 January 2006, 15:04 UTC"))
	}
	field.Small = strings.Join(small, " · ")
	if s.Source != "" {
		field.Help += " It is set by " + s.Source + " and can be changed only there."
	}
	return field
}
