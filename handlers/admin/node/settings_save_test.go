package node_test

import (
	"net/http"
	"net/url"
	"testing"

	"sallyport/vpn"
	"sallyport/web/webtest"
)

func TestTheSettingsForm(t *testing.T) {
	t.Parallel()
	u := webtest.NewReadyEndpoint(t)
	p := u.Admin.Get("/settings").WantText("#public_name-help", "It is set by public_name (sallyport.conf, line 1) and can be changed only there.")
	webtest.CheckMarkup(t, "/settings", p)
	p.WantText("#rule_quota-help", "Acts on what is added from now on.").WantText("#rule_quota-help", "rule_quota · from 1 to 500 rules · default 50 · not changed")
	if p.Doc.Find("#public_name[disabled]").Length() != 1 || p.Doc.Find("#rule_quota[disabled]").Length() != 0 {
		t.Error("what the configuration sets can be typed, or what it does not set cannot")
	}
	form := url.Values{"version": {"1"}, "public_name": {"other.example"}, "vpn_domain": {"vpn.example"}, "endpoint_quota": {"6"},
		"rule_quota": {"0"}, "route_quota": {"10"}, "pending_change_quota": {"10"}, "revocation_entry_quota": {"20000"}, "connection_quota": {"0"}, "connections_per_certificate": {"5"}, "sign_in_attempts": {"4"}, "sign_in_window": {"10"}, "directory_look_up": {"60"}, "installer_megabytes": {"200"}, "device_limit": {"5"}, "device_days": {"365"}}
	u.Admin.Post("/settings", form).WantStatus(http.StatusUnprocessableEntity).WantText("#rule_quota-error", "whole number from 1 to 500")
	form.Set("rule_quota", "60")
	u.Admin.Post("/settings", form).WantStatus(http.StatusSeeOther)
	p = u.Admin.Get("/settings")
	for field, want := range map[string]string{"rule_quota": "60", "endpoint_quota": "6", "vpn_domain": "vpn.example", "public_name": "vpn.example.test"} {
		if got, _ := p.Doc.Find("#" + field).Attr("value"); got != want {
			t.Errorf("%s: %q, want %q", field, got, want)
		}
	}
	p.WantText("#rule_quota-help", "changed by admin on ")
	form.Set("rule_quota", "61")
	u.Admin.Post("/settings", form).WantStatus(http.StatusConflict).WantText("#rule_quota-error", "Another administrator saved: “60”")
}

// One submit names all that is wrong with the settings.
func TestAllFaultsOfTheSettings(t *testing.T) {
	t.Parallel()
	u := webtest.NewEndpoint(t)
	form, want, right := url.Values{"version": {"1"}}, map[string]string{}, []string{"public_name"} // the configuration sets it
	for _, s := range vpn.DeploymentSettings() {
		switch {
		case s.Key == "public_name":
			form.Set(s.Key, "vpn.example.test")
		case s.Kind == vpn.SettingSwitch:
			right = append(right, s.Key)
		default:
			form.Set(s.Key, "-1 %")
			want[s.Key] = `"-1 %" is not`
		}
	}
	u.WantAllFaults(t, webtest.WrongForm{Path: "/settings", Form: form, Want: want, Right: right})
}
