package ovpn_test

import (
	"bytes"
	"net/netip"
	"reflect"
	"testing"

	"sallyport/dataplane/ovpn"
	"sallyport/vpn"
)

// TestRenderSeesEveryField changes each field of the configuration, nested ones too, and expects
// another rendered text. A new field needs an entry here with a second valid value.
func TestRenderSeesEveryField(t *testing.T) {
	base, other := goodConfig(t), goodConfig(t)
	changes := map[string]func(*ovpn.Config){
		"Device":             func(c *ovpn.Config) { c.Device = "spt1" },
		"DevNode":            func(c *ovpn.Config) { c.DevNode = "/run/sallyport/workers/0/tun" },
		"Gateway":            func(c *ovpn.Config) { c.Gateway = netip.MustParseAddr("10.77.0.2") },
		"ClientCIDR":         func(c *ovpn.Config) { c.ClientCIDR = netip.MustParsePrefix("10.77.0.0/17") },
		"Transport":          func(c *ovpn.Config) { c.Transport = vpn.TCP },
		"Listen":             func(c *ovpn.Config) { c.Listen = netip.MustParseAddrPort("192.0.2.1:1202") },
		"Management":         func(c *ovpn.Config) { c.Management = "/run/sallyport/workers/1/m.sock" },
		"ClientCertificates": func(c *ovpn.Config) { c.ClientCertificates, c.Passwords = false, true },
		"Passwords":          func(c *ovpn.Config) { c.Passwords = true },
		"Browser":            func(c *ovpn.Config) { c.ClientCertificates, c.Browser = false, true },
		"Keys.Certificate":   func(c *ovpn.Config) { c.Keys.Certificate += c.Keys.ClientCA }, // an intermediate
		"Keys.Key":           func(c *ovpn.Config) { c.Keys = goodConfig(t).Keys },           // a key fits its own certificate only
		"Keys.ClientCA":      func(c *ovpn.Config) { c.Keys.ClientCA = other.Keys.ClientCA },
		"Keys.TLSCrypt":      func(c *ovpn.Config) { c.Keys.TLSCrypt = other.Keys.TLSCrypt },
		"Keys.TokenSecret":   func(c *ovpn.Config) { c.Keys.TokenSecret = other.Keys.TokenSecret },
		"MaxClients":         func(c *ovpn.Config) { c.MaxClients++ },
		"MSSFix":             func(c *ovpn.Config) { c.MSSFix = ovpn.DefaultMSSFix - 1 },
	}
	want, err := base.Render()
	if err != nil {
		t.Fatal(err)
	}
	for _, field := range fieldsOf(reflect.TypeFor[ovpn.Config](), "") {
		change, known := changes[field]
		if !known {
			t.Errorf("%s has no second value in this test", field)
			continue
		}
		delete(changes, field)
		changed := base
		change(&changed)
		if reflect.DeepEqual(changed, base) {
			t.Errorf("%s was not changed by this test", field)
		}
		got, err := changed.Render()
		if err != nil {
			t.Errorf("%s changed: %v", field, err)
		} else if bytes.Equal(got, want) {
			t.Errorf("%s changed: the configuration is the same", field)
		}
	}
	for field := range changes {
		t.Errorf("%s is no field of the configuration", field)
	}
}

// fieldsOf lists the paths of all fields, those of vpn.Keys by their own names.
func fieldsOf(typ reflect.Type, prefix string) []string {
	var out []string
	for i := range typ.NumField() {
		f := typ.Field(i)
		if f.Type == reflect.TypeFor[vpn.Keys]() {
			out = append(out, fieldsOf(f.Type, f.Name+".")...)
			continue
		}
		out = append(out, prefix+f.Name)
	}
	return out
}
