package controltest

import (
	"strconv"

	"sallyport/control"
	"sallyport/vpn"
)

// Given are settings as the configuration gives them: key, value, key, value.
func Given(pairs ...string) map[string]vpn.GivenSetting {
	given := map[string]vpn.GivenSetting{}
	for i := 0; i+1 < len(pairs); i += 2 {
		given[pairs[i]] = vpn.GivenSetting{Value: pairs[i+1], Source: pairs[i] + " (sallyport.conf, line 1)"}
	}
	return given
}

// Set saves settings as an administrator does: key, value, key, value.
func (k *Kit) Set(by control.Principal, pairs ...string) {
	k.T.Helper()
	view, err := k.Settings.Settings(k.T.Context(), by)
	k.Must(err)
	values := map[string]string{}
	for _, s := range view.Settings {
		values[s.Key] = s.Value
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		values[pairs[i]] = pairs[i+1]
	}
	does, err := k.Settings.AnnounceSave(k.T.Context(), by, view.Version, values)
	k.Must(err)
	k.Must(k.Settings.Save(k.T.Context(), by, view.Version, values, vpn.Consent{Announced: does.Kind(), Word: does.Word()}))
}

// RaiseQuotas sets every quota to its highest value.
func (k *Kit) RaiseQuotas(by control.Principal) {
	k.T.Helper()
	var pairs []string
	for _, s := range vpn.DeploymentSettings() {
		if s.Kind == vpn.SettingNumber {
			pairs = append(pairs, s.Key, strconv.Itoa(s.Most))
		}
	}
	k.Set(by, pairs...)
}
