package wire_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"testing"

	"sallyport/dataplane/wire"
	"sallyport/vpn"
	"sallyport/vpn/vpntest"
)

// carried checks that JSON carries every field of a message there and back.
// without clears what the socket does not carry.
func carried[T any](t *testing.T, without ...func(*T)) {
	t.Helper()
	want := vpntest.Filled[T]()
	for _, clear := range without {
		clear(&want)
	}
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got T
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatalf("%T: %v: %s", want, err, text)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%T is changed by the socket:\n got %+v\nwant %+v\njson %s", want, got, want, text)
	}
}

func TestMessagesCarryEveryField(t *testing.T) {
	t.Parallel()
	carried[vpn.Desired](t)
	carried[vpn.NodeStatus](t)
	carried(t, func(e *vpn.Event) { e.Refused.User, e.Refused.Portal = vpn.UserRef{}, false }) // web knows them
	carried[vpn.LoginDecision](t)
	carried[vpn.LoginPending](t)
	carried[vpn.LiveConnection](t)
	carried[vpn.Host](t)
	carried[vpn.Place](t)
	carried[vpn.WayOut](t)
	carried[vpn.ProbeRequest](t)
	carried[vpn.ProbeAnswer](t)
	carried[wire.Destination](t)
	carried[wire.Subnets](t)
	carried[wire.Cursor](t)
	carried[wire.Termination](t)
	carried[wire.Error](t)
}

// The password and the answer of a login are on its stream, and in no other text about it.
func TestLoginCarriesPassword(t *testing.T) {
	t.Parallel()
	want := vpntest.Filled[vpn.LoginRequest]()
	want.IssuerKey, want.IssuerID, want.Outdated, want.Above = "", "", false, nil // web finds them
	text, err := json.Marshal(wire.NewLogin(vpn.LoginNews{LoginRequest: want}))
	if err != nil {
		t.Fatal(err)
	}
	var got wire.Login
	if err := json.Unmarshal(text, &got); err != nil || !reflect.DeepEqual(got.News().LoginRequest, want) {
		t.Errorf("the socket changes it: %v\n got %#v\nwant %#v\njson %s", err, got.News().LoginRequest, want, text)
	}
	text, err = json.Marshal(want)
	shown := string(text) + fmt.Sprintf("%v %+v %#v", want, want, want) + slog.AnyValue(want).String()
	for _, secret := range []string{want.Password.Reveal(), want.Answer.Reveal()} {
		if err != nil || secret == "" || strings.Contains(shown, secret) {
			t.Errorf("the secret %q is in %s, %v", secret, shown, err)
		}
	}
}

// Every kind of refusal has a status of its own, which leads back to it.
func TestKindsAndStatuses(t *testing.T) {
	t.Parallel()
	var seen []int
	for k := vpn.Internal; k == vpn.Internal || k.String() != vpn.Internal.String(); k++ {
		status := wire.StatusOf(k)
		if wire.KindOf(status) != k || slices.Contains(seen, status) {
			t.Errorf("%s has the status %d, which leads back to %s", k, status, wire.KindOf(status))
		}
		seen = append(seen, status)
	}
	if len(seen) < 8 {
		t.Errorf("only %d kinds", len(seen))
	}
}
