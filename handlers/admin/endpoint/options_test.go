package endpoint

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/control/endpoint"
	"sallyport/views/parts"
	"sallyport/vpn"
	"sallyport/vpn/vpntest"
)

// notInForm are the options that the endpoint form does not offer, with the reason.
var notInForm = map[string]string{}

// jsonKeys are the keys of the fields of vpn.ClientOptions, which are the names of the form's controls too.
func jsonKeys() []string {
	var out []string
	typ := reflect.TypeFor[vpn.ClientOptions]()
	for i := range typ.NumField() {
		key, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
		out = append(out, key)
	}
	return out
}

// throughForm is what the endpoint form sends back of the options that it was filled with.
func throughForm(t *testing.T, l optionList, o vpn.ClientOptions) vpn.ClientOptions {
	t.Helper()
	sent := map[string]string{}
	for _, f := range l.fields(l.values(o)) {
		if f.Type != "checkbox" || f.Checked {
			sent[f.Name] = f.Value
		}
	}
	got, err := l.read(func(field string) string { return sent[field] }, vpn.ClientOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// Every option goes through the endpoint form and back, for a new endpoint and for a modification, unless it is
// listed in notInForm.
func TestEveryOptionIsInTheForm(t *testing.T) {
	t.Parallel()
	filled := vpntest.Filled[vpn.ClientOptions]()
	filled.SessionTimeout = 8 * time.Hour // the form has whole hours
	back := reflect.ValueOf(throughForm(t, endpointOptions, filled))
	in := inputOf(vpn.Endpoint{ClientOptions: filled})
	for i, key := range jsonKeys() {
		reason, absent := notInForm[key]
		sent := !back.Field(i).IsZero()
		if !sent && !absent {
			t.Errorf("%s has no control in the endpoint form. Add an entry to endpointOptions in options.go, or list it in notInForm with the reason.", key)
			continue
		}
		if sent && absent {
			t.Errorf("%s: the form sends %q back, but notInForm says that it has no control: %s", key, back.Field(i), reason)
		}
		if !absent && !reflect.DeepEqual(back.Field(i).Interface(), reflect.ValueOf(filled).Field(i).Interface()) {
			t.Errorf("%s: the form sends %v back, want %v", key, back.Field(i), reflect.ValueOf(filled).Field(i))
		}
		for page, choices := range map[string]endpointChoices{"create": {}, "edit": {stored: &endpoint.View{}}} {
			shown := slices.ContainsFunc(in.fields(choices), func(f parts.Field) bool { return f.Name == key })
			if shown == absent {
				t.Errorf("%s: is in the form to %s: %t; notInForm says %q", key, page, shown, reason)
			}
		}
	}
	for key := range notInForm {
		if !slices.Contains(jsonKeys(), key) {
			t.Errorf("notInForm has %s, which is no option", key)
		}
	}
}

// factTexts are what the Details tab of an endpoint with these options says.
func factTexts(o vpn.ClientOptions) []string {
	var out []string
	for _, p := range endpointFacts(endpoint.View{Endpoint: vpn.Endpoint{ClientOptions: o}}, time.Time{}) {
		out = append(out, p.Label+": "+p.Value+" "+p.Help)
	}
	return out
}

// Every option changes a fact of the Details tab.
func TestEveryOptionIsAmongTheFacts(t *testing.T) {
	t.Parallel()
	var none vpn.ClientOptions
	for i := range reflect.TypeFor[vpn.ClientOptions]().NumField() {
		one := none
		name := vpntest.FillField(&one, i)
		if one.SessionTimeout != 0 {
			one.SessionTimeout = 8 * time.Hour // the page shows whole hours
		}
		if slices.Equal(factTexts(none), factTexts(one)) {
			t.Errorf("the Details tab does not show %s: give its entry in endpointOptions a fact", name)
		}
	}
}

// A split tunnel stops no IPv6, whatever the option for it is.
func TestIPv6UnderSplitTunnel(t *testing.T) {
	t.Parallel()
	for split, want := range map[bool]string{true: "IPv6 of clients: Left to the client (split tunnel) ", false: "IPv6 of clients: Stopped Connected clients reach nothing over IPv6."} {
		if got := factTexts(vpn.ClientOptions{SplitTunnel: split}); !slices.Contains(got, want) {
			t.Errorf("split-tunnel %t: no %q in %q", split, want, got)
		}
	}
}

// A new entry in the list of options is all that the form needs: text and a checkbox go through it and keep what the
// form does not offer.
func TestOptionsOfTheForm(t *testing.T) {
	t.Parallel()
	l := optionList{
		{field: parts.Field{Name: "session_timeout", Label: "Session timeout"},
			value: func(o vpn.ClientOptions) string { return o.SessionTimeout.String() },
			set: func(o *vpn.ClientOptions, typed string, c *vpn.Check) {
				var err error
				if o.SessionTimeout, err = time.ParseDuration(typed); err != nil {
					c.Bad("session_timeout", "This is not a duration.")
				}
			}},
		{field: parts.Field{Name: "split_tunnel", Label: "Split-tunnel", Type: "checkbox"},
			value: func(o vpn.ClientOptions) string { return parts.YesNo(o.SplitTunnel, "on", "") },
			set:   func(o *vpn.ClientOptions, typed string, _ *vpn.Check) { o.SplitTunnel = typed == "on" }},
		{}, // an option without a control
	}
	for _, o := range []vpn.ClientOptions{{SessionTimeout: time.Hour}, {SessionTimeout: time.Hour, SplitTunnel: true}} {
		if got := throughForm(t, l, o); got != o {
			t.Errorf("got %+v, want %+v", got, o)
		}
	}
	stored := vpn.ClientOptions{SourceNAT: true, SplitTunnel: true, SessionTimeout: time.Minute}
	got, err := l.read(func(field string) string { return map[string]string{"session_timeout": "x"}[field] }, stored)
	if vpn.FieldsOf(err)["session_timeout"] == "" || !got.SourceNAT || got.SplitTunnel {
		t.Errorf("got %+v, %v", got, err)
	}
}

// A session timeout that is no number of hours is refused beside its field; a blank one keeps what is stored.
func TestSessionTimeoutOfTheForm(t *testing.T) {
	t.Parallel()
	stored := vpn.ClientOptions{SessionTimeout: 8 * time.Hour}
	read := func(typed string) (vpn.ClientOptions, error) {
		return endpointOptions.read(func(field string) string { return map[string]string{"session_timeout": typed}[field] }, stored)
	}
	for typed, want := range map[string]time.Duration{"": 8 * time.Hour, "12": 12 * time.Hour} {
		if got, err := read(typed); err != nil || got.SessionTimeout != want {
			t.Errorf("%q: %s, %v; want %s", typed, got.SessionTimeout, err, want)
		}
	}
	for _, typed := range []string{"0", "169", "a day"} {
		if _, err := read(typed); vpn.FieldsOf(err)["session_timeout"] == "" {
			t.Errorf("%q: %v, want a sentence beside the field", typed, err)
		}
	}
}
