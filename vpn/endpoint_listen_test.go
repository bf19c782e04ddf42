package vpn

import (
	"net/netip"
	"strings"
	"testing"
)

// An endpoint shares its port with nothing that listens at the same addresses by the same transport.
func TestReservedPorts(t *testing.T) {
	t.Parallel()
	at := func(addr string, transport Transport, port uint16) Listen {
		return Listen{Addr: netip.MustParseAddr(addr), Transport: transport, Port: port}
	}
	for _, c := range []struct {
		name              string
		endpoint, console Listen
		want              string // what the sentence has; empty: it is allowed
	}{
		{"the same port on every address", at("0.0.0.0", TCP, 8443), at("0.0.0.0", TCP, 8443), "TCP port 8443 belongs to the console"},
		{"the console on loopback only", at("0.0.0.0", TCP, 8443), at("127.0.0.1", TCP, 8443), "443 is free"},
		{"the console on every address of both families", at("192.0.2.1", TCP, 443), at("::", TCP, 443), "1194 is free"},
		{"another transport", at("0.0.0.0", UDP, 8443), at("0.0.0.0", TCP, 8443), ""},
		{"another port", at("0.0.0.0", TCP, 443), at("0.0.0.0", TCP, 8443), ""},
		{"another address", at("192.0.2.1", TCP, 8443), at("192.0.2.2", TCP, 8443), ""},
		{"another family", at("0.0.0.0", TCP, 8443), at("::1", TCP, 8443), ""},
	} {
		e := Endpoint{ID: NewEndpointID(), Listen: c.endpoint, ClientCIDR: netip.MustParsePrefix("10.20.0.0/22")}
		got := FieldsOf(e.CheckConflicts(nil, Reservation{"the console", c.console}))["port"]
		if (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
	reserved := Reservation{"the console", at("0.0.0.0", TCP, 443)}
	if got := FreePort(TCP, nil, reserved); got != 1194 {
		t.Errorf("the free TCP port beside a console on 443 is %d, want 1194", got)
	}
	if got := FreePort(UDP, nil, reserved); got != 443 {
		t.Errorf("the free UDP port beside a console on 443 is %d, want 443", got)
	}
}
