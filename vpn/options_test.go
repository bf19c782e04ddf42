package vpn_test

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"sallyport/vpn"
	"sallyport/vpn/vpntest"
)

// wantOptions checks that no option was lost on its way.
func wantOptions(t *testing.T, hop string, got, want vpn.ClientOptions) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: got %+v, want %+v", hop, got, want)
	}
}

// Every field of ClientOptions goes from the request and the edit to the endpoint, to the desired state and through
// its JSON. The store, the console and the dataplane have tests of their own hops.
func TestEveryOptionReachesTheDataplane(t *testing.T) {
	t.Parallel()
	want := vpntest.Filled[vpn.ClientOptions]()
	spec := vpn.EndpointSpec{ClientCIDR: "10.20.0.0/22", Certificate: "cert-1", Mutual: true, ClientOptions: want}
	e, err := vpn.NewEndpoint(spec, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	wantOptions(t, "new endpoint", e.ClientOptions, want)

	spec.ClientOptions = vpn.DefaultOptions()
	edited, err := vpn.NewEndpoint(spec, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := edited.Edit(vpn.EndpointEdit{Version: 1, Certificate: "cert-1", ClientOptions: want}); err != nil {
		t.Fatal(err)
	}
	wantOptions(t, "edited endpoint", edited.ClientOptions, want)

	desired := vpn.DesiredInput{Endpoint: e}.Desired()
	wantOptions(t, "desired state", desired.ClientOptions, want)
	text, err := json.Marshal(desired)
	if err != nil {
		t.Fatal(err)
	}
	var back vpn.Desired
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	wantOptions(t, "wire and journal", back.ClientOptions, want)
	keys := map[string]any{}
	if err := json.Unmarshal(text, &keys); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"split_tunnel", "source_nat", "session_timeout"} { // as journals of older versions have them
		if _, ok := keys[key]; !ok {
			t.Errorf("%s is not at the top of the desired state: %s", key, text)
		}
	}
}

// What refuses an option refuses it everywhere: there is one check.
func TestOptionsAreCheckedAlike(t *testing.T) {
	t.Parallel()
	var o vpn.ClientOptions
	e, created := vpn.NewEndpoint(vpn.EndpointSpec{ClientCIDR: "10.20.0.0/22", Certificate: "cert-1", Mutual: true, ClientOptions: o}, time.Now())
	_, edited := e.Edit(vpn.EndpointEdit{Version: 1, Certificate: "cert-1", ClientOptions: o})
	for what, err := range map[string]error{"new endpoint": created, "edit": edited, "desired state": vpn.Desired{ClientOptions: o}.Validate()} {
		if vpn.FieldsOf(err)["session_timeout"] == "" {
			t.Errorf("%s: got %v, want a refusal of session_timeout", what, err)
		}
	}
}

func TestParseSessionTimeout(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{"1": time.Hour, " 24 ": 24 * time.Hour, "168": 168 * time.Hour, "0": 0, "169": 0, "-1": 0, "1.5": 0, "8h": 0, "": 0} {
		got, err := vpn.ParseSessionTimeout(text)
		if got != want || (err != nil) != (want == 0) {
			t.Errorf("%q: %s, %v; want %s", text, got, err, want)
		}
	}
}
