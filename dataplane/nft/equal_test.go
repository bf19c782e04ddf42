package nft_test

import (
	"bytes"
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"testing"

	"sallyport/dataplane/nft"
	"sallyport/vpn"
)

// notRendered are the fields that may change without a change in the kernel, each with its reason.
var notRendered = map[string]string{
	"Rules[0].ID": "names the rule for administrators; the packet filter matches its destination and group",
}

// TestEqualSeesEveryField changes each field of an endpoint, nested ones too, and expects Equal to
// report a difference.
func TestEqualSeesEveryField(t *testing.T) {
	t.Parallel()
	var seen []string
	forEachChange(t, comparedEndpoint(), func(field string, changed nft.Endpoint) {
		seen = append(seen, field)
		_, ignored := notRendered[field]
		for name, equal := range map[string]bool{
			"before to after": comparedEndpoint().Equal(changed), "after to before": changed.Equal(comparedEndpoint()),
		} {
			if equal != ignored {
				t.Errorf("%s changed: Equal (%s) is %v, want %v", field, name, equal, ignored)
			}
		}
	})
	for field := range notRendered {
		if !slices.Contains(seen, field) {
			t.Errorf("%s is listed as not rendered and is no field of an endpoint", field)
		}
	}
}

// TestRenderSeesEveryField does the same for the ruleset and what is rendered of it.
func TestRenderSeesEveryField(t *testing.T) {
	t.Parallel()
	render := func(r nft.Ruleset) []byte { return nft.Render("sptest", r, nil, nft.Objects{}) }
	base := nft.Ruleset{Endpoints: []nft.Endpoint{comparedEndpoint()}, HostForwarding: []string{"eth0"}, Workers: nft.UIDs{First: 1, Last: 2}, Limits: nft.DefaultLimits}
	forEachChange(t, base, func(field string, changed nft.Ruleset) {
		_, ignored := notRendered[trimEndpoint(field)]
		if same := bytes.Equal(render(base), render(changed)); same != ignored {
			t.Errorf("%s changed: the rendered text is the same: %v, want %v", field, same, ignored)
		}
	})
}

// TestEqualIgnoresNilOrEmpty: what comes from JSON has empty slices where a new value has nil ones.
func TestEqualIgnoresNilOrEmpty(t *testing.T) {
	t.Parallel()
	a, b := comparedEndpoint(), comparedEndpoint()
	a.Egress, b.Egress = nil, []string{}
	a.Associations[0].Routes, b.Associations[0].Routes = nil, []netip.Prefix{}
	if !a.Equal(b) {
		t.Error("nil and empty lists differ")
	}
}

// comparedEndpoint has one element in every list and no value that makes another one meaningless:
// HashSeed needs two workers, and a rule for all users has no group.
func comparedEndpoint() nft.Endpoint {
	return nft.Endpoint{
		ID: endpointA, Devices: []string{"spa-0"}, ClientCIDR: clientCIDR, Gateway: gateway,
		Public: []netip.AddrPort{netip.MustParseAddrPort("198.51.100.1:1194")}, Transport: vpn.UDP,
		Workers: []uint16{40001, 40002}, HashSeed: 1, Egress: []string{"eth0"}, SourceNAT: true, ClientToClient: true,
		Rules:        []vpn.DesiredRule{{ID: "rule", Destination: netip.MustParsePrefix("10.20.0.0/16"), Group: "engineers"}},
		Associations: []nft.Association{{ID: assocA, Routes: []netip.Prefix{netip.MustParsePrefix("10.20.0.0/16")}}},
	}
}

// trimEndpoint makes the path of an endpoint's field of the path in a ruleset.
func trimEndpoint(field string) string {
	const prefix = "Endpoints[0]."
	if len(field) > len(prefix) && field[:len(prefix)] == prefix {
		return field[len(prefix):]
	}
	return field
}

// forEachChange calls f once for every field of base, nested ones and list elements included, with
// a copy in which that field alone has another value, and for every list with one element less and
// one more.
func forEachChange[T any](t *testing.T, base T, f func(field string, changed T)) {
	t.Helper()
	changes := 0
	var walk func(path string, at func(reflect.Value) reflect.Value)
	walk = func(path string, at func(reflect.Value) reflect.Value) {
		emit := func(path string, change func(v reflect.Value)) {
			changes++
			changed := clone(reflect.ValueOf(base))
			change(at(changed))
			f(path, changed.Interface().(T))
		}
		v := at(clone(reflect.ValueOf(base)))
		if next, known := another(v.Interface()); known {
			emit(path, func(v reflect.Value) { v.Set(reflect.ValueOf(next)) })
			return
		}
		switch v.Kind() {
		case reflect.Struct:
			for i := range v.NumField() {
				name := v.Type().Field(i).Name
				if path != "" {
					name = path + "." + name
				}
				walk(name, func(root reflect.Value) reflect.Value { return at(root).Field(i) })
			}
		case reflect.Slice:
			if v.Len() == 0 {
				t.Fatalf("%s is empty in the example: give it an element", path)
			}
			emit(path+" shorter", func(v reflect.Value) { v.Set(v.Slice(0, v.Len()-1)) })
			for i := range v.Len() {
				walk(fmt.Sprintf("%s[%d]", path, i), func(root reflect.Value) reflect.Value { return at(root).Index(i) })
			}
		case reflect.String:
			emit(path, func(v reflect.Value) { v.SetString(v.String() + "x") })
		case reflect.Bool:
			emit(path, func(v reflect.Value) { v.SetBool(!v.Bool()) })
		case reflect.Int:
			emit(path, func(v reflect.Value) { v.SetInt(v.Int() + 1) })
		case reflect.Uint16, reflect.Uint32:
			emit(path, func(v reflect.Value) { v.SetUint(v.Uint() + 1) })
		default:
			t.Fatalf("%s has the type %s: say here how to change it", path, v.Type())
		}
	}
	walk("", func(root reflect.Value) reflect.Value { return root })
	if changes == 0 {
		t.Fatal("no field was changed")
	}
}

// another gives a different value for types that have no fields to walk.
func another(v any) (any, bool) {
	switch v := v.(type) {
	case netip.Addr:
		return v.Next(), true
	case netip.AddrPort:
		return netip.AddrPortFrom(v.Addr(), v.Port()+1), true
	case netip.Prefix:
		return netip.PrefixFrom(v.Addr(), v.Bits()+1), true
	}
	return nil, false
}

// clone gives an addressable copy that shares no list with the original.
func clone(v reflect.Value) reflect.Value {
	out := reflect.New(v.Type()).Elem()
	out.Set(v)
	if _, plain := another(v.Interface()); plain {
		return out
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			out.Field(i).Set(clone(v.Field(i)))
		}
	case reflect.Slice:
		out.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
		for i := range v.Len() {
			out.Index(i).Set(clone(v.Index(i)))
		}
	}
	return out
}

func BenchmarkEqual(b *testing.B) {
	large := func(destination string) nft.Endpoint {
		e := comparedEndpoint()
		for i := range 1000 {
			e.Rules = append(e.Rules, group(fmt.Sprintf("172.%d.%d.0/24", 16+i/256, i%256), fmt.Sprint("group", i%50)))
		}
		e.Rules[0].Destination = netip.MustParsePrefix(destination)
		return e
	}
	for name, other := range map[string]nft.Endpoint{"same": large("10.20.0.0/16"), "another rule": large("10.21.0.0/16")} {
		b.Run(name, func(b *testing.B) {
			e := large("10.20.0.0/16")
			for b.Loop() {
				e.Equal(other)
			}
		})
	}
}
