package vpn

import (
	"net/netip"
	"strings"
	"testing"
)

// Every preset can be set, and the presets are what the guide says.
func TestSettingPresets(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, s := range DeploymentSettings() {
		if why := s.Check(s.Preset); why != "" || seen[s.Key] || s.Label == "" || s.Help == "" || s.Acts == "" || (s.Kind == SettingNumber) != (s.Unit != "") || s.Section == "" {
			t.Errorf("%s: preset %q: %s; label %q", s.Key, s.Preset, why, s.Label)
		}
		seen[s.Key] = true
	}
	if d := ReadDeployment(nil); d != (Deployment{Quotas: DefaultQuotas, Share: Share{Limit: 5}, SignIn: DefaultSignInLimit, LookUpSeconds: 60, RenewCertificates: true, Devices: 5, DeviceDays: 365, InstallerMegabytes: 200}) {
		t.Errorf("the presets are %+v", d)
	}
}

func TestSettingCheck(t *testing.T) {
	t.Parallel()
	settings := map[string]Setting{}
	for _, s := range DeploymentSettings() {
		settings[s.Key] = s
	}
	for _, c := range []struct{ key, value, words string }{ // no words: fine
		{"public_name", "vpn.example.com", ""},
		{"public_name", " 192.0.2.1 ", ""},
		{"public_name", "https://vpn.example.com/", "leave out https:// and what follows the name (vpn.example.com)"},
		{"public_name", "2001:db8::1", "not a host name"},
		{"vpn_domain", "vpn.example.com", ""},
		{"vpn_domain", "10.0.0.1", "not a domain"},
		{"vpn_domain", strings.Repeat("abcdefghi.", 21) + "example", "not a domain"},
		{"public_client_ranges", "true", ""},
		{"public_client_ranges", "yes", "neither true nor false"},
		{"endpoint_quota", "0", "from 1 to 1000"},
		{"endpoint_quota", "1000", ""},
		{"rule_quota", "501", "from 1 to 500"},
		{"route_quota", "ten", "from 1 to 100"},
		{"connection_quota", "0", ""},
		{"connection_quota", "-1", "from 0 to 126000"},
	} {
		why := settings[c.key].Check(c.value)
		if (why == "") != (c.words == "") || !strings.Contains(why, c.words) {
			t.Errorf("%s = %q: %q, want %q", c.key, c.value, why, c.words)
		}
	}
}

func TestEditSettings(t *testing.T) {
	t.Parallel()
	given := map[string]GivenSetting{"public_name": {Value: "file.example", Source: "sallyport.conf"}}
	s := SavedSettings{Values: map[string]string{"public_name": "saved.example", "rule_quota": "70"}, Version: 3}
	form := s.InForce(given)
	form["endpoint_quota"], form["public_name"], form["rule_quota"] = "7", "typed.example", DeploymentSettings()[4].Preset
	if err := s.Edit(2, form, given); KindOf(err) != Stale {
		t.Errorf("an old form: %v", err)
	}
	if err := s.Edit(3, form, given); err != nil || s.Version != 4 {
		t.Fatalf("version %d: %v", s.Version, err)
	}
	if len(s.Values) != 2 || s.Values["endpoint_quota"] != "7" || s.Values["public_name"] != "saved.example" {
		t.Errorf("saved %v", s.Values)
	}
	if d := ReadDeployment(s.InForce(given)); d.PublicName != "file.example" || d.Quotas.Endpoints != 7 || d.Quotas.Rules != 50 {
		t.Errorf("in force with the file: %+v", d)
	}
	if d := ReadDeployment(s.InForce(nil)); d.PublicName != "saved.example" {
		t.Errorf("in force without the file: %+v", d)
	}
	form["endpoint_quota"] = "many"
	if err := s.Edit(4, form, given); FieldsOf(err)["endpoint_quota"] == "" || s.Values["endpoint_quota"] != "7" {
		t.Errorf("bad input: %v; saved %v", err, s.Values)
	}
}

// Guide, "Client VPN quotas".
func TestConnectionLimit(t *testing.T) {
	t.Parallel()
	for associations, want := range []int{7000, 7000, 36500, 66500, 96500, 126000, 126000} {
		if got := (Quotas{}).ConnectionLimit(associations); got != want {
			t.Errorf("%d associations: %d, want %d", associations, got, want)
		}
	}
	if got := (Quotas{Connections: 12}).ConnectionLimit(3); got != 12 {
		t.Errorf("a set limit: %d", got)
	}
}

func TestPendingChanges(t *testing.T) {
	t.Parallel()
	q := Quotas{PendingChanges: 10}
	for _, c := range []struct {
		generation, applied uint64
		refused             bool
	}{{1, 0, false}, {9, 0, false}, {10, 0, true}, {109, 100, false}, {110, 100, true}, {5, 7, false}} {
		err := q.CheckPending(Endpoint{Generation: c.generation}, Observation{Applied: c.applied})
		if (err != nil) != c.refused {
			t.Errorf("generation %d, applied %d: %v", c.generation, c.applied, err)
		}
	}
}

// Only ranges that no host on the internet has are client ranges, unless a setting says otherwise.
func TestClientRange(t *testing.T) {
	t.Parallel()
	for text, private := range map[string]bool{
		"10.0.0.0/12": true, "10.255.252.0/22": true, "172.16.0.0/12": true, "172.31.252.0/22": true, "192.168.0.0/16": true, "100.64.0.0/12": true, "100.127.252.0/22": true,
		"8.8.8.0/22": false, "203.0.112.0/22": false, "93.176.0.0/12": false, "172.32.0.0/22": false, "192.169.0.0/16": false, "192.160.0.0/12": false, "100.128.0.0/22": false, "11.0.0.0/22": false,
	} {
		e := Endpoint{ClientCIDR: netip.MustParsePrefix(text)}
		err := e.CheckClientRange(false)
		if (err == nil) != private || (err != nil && FieldsOf(err)["client_cidr"] == "") || (e.ClientRangeWarning() == "") != private {
			t.Errorf("%s: %v; warning %q", text, err, e.ClientRangeWarning())
		}
		if err := e.CheckClientRange(true); err != nil {
			t.Errorf("%s with the setting: %v", text, err)
		}
	}
}
