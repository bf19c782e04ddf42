// Package vpntest fills and compares values by reflection, so that a test of a mapping covers every field of a type,
// those included that are added later.
package vpntest

import (
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Filled gives a T in which every exported field, at any depth, is not zero. Fields of one type have different values,
// so that two that are exchanged are noticed. Slices and maps have one element. It panics at a kind that it does not know.
func Filled[T any]() T {
	var v T
	n := 0
	fill(reflect.ValueOf(&v).Elem(), "value", &n)
	return v
}

// FillField fills the field with the given index of the struct that v points to, and gives its name.
func FillField(v any, index int) string {
	s := reflect.ValueOf(v).Elem()
	name, n := s.Type().Field(index).Name, index
	fill(s.Field(index), name, &n)
	return name
}

// epoch is a time with microseconds, which is what databases keep.
var epoch = time.Date(2026, 1, 2, 3, 4, 5, 678901000, time.UTC)

func fill(v reflect.Value, name string, n *int) {
	*n++
	switch v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(epoch.Add(time.Duration(*n) * time.Hour)))
		return
	case time.Duration:
		v.SetInt(int64(time.Duration(*n) * time.Minute))
		return
	case netip.Addr:
		v.Set(reflect.ValueOf(address(*n)))
		return
	case netip.Prefix:
		v.Set(reflect.ValueOf(netip.PrefixFrom(address(*n), 24).Masked()))
		return
	case netip.AddrPort:
		v.Set(reflect.ValueOf(netip.AddrPortFrom(address(*n), uint16(*n))))
		return
	}
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(true)
	case reflect.String:
		v.SetString(fmt.Sprintf("%s-%d", strings.ToLower(name), *n))
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(int64(*n%100 + 1))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(uint64(*n%100 + 1))
	case reflect.Float32, reflect.Float64:
		v.SetFloat(float64(*n) + 0.5)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), name, n)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), name, n)
	case reflect.Array:
		for i := range v.Len() {
			fill(v.Index(i), name, n)
		}
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, name, n)
		fill(value, name, n)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				fill(v.Field(i), f.Name, n)
			}
		}
	default:
		panic(fmt.Sprintf("vpntest: no value for %s of type %s", name, v.Type()))
	}
}

func address(n int) netip.Addr { return netip.AddrFrom4([4]byte{10, byte(n / 256), byte(n), 1}) }

// Zero gives the paths of the exported fields of v that are zero, at any depth; an empty slice or map is zero.
func Zero(v any) []string {
	out := zero(reflect.ValueOf(v), "", nil)
	slices.Sort(out)
	return out
}

func zero(v reflect.Value, path string, out []string) []string {
	switch v.Interface().(type) {
	case time.Time, netip.Addr, netip.Prefix, netip.AddrPort:
		if v.IsZero() {
			out = append(out, path)
		}
		return out
	}
	kind := v.Kind()
	switch {
	case v.IsZero() && kind != reflect.Struct, (kind == reflect.Slice || kind == reflect.Map) && v.Len() == 0:
		return append(out, path)
	case kind == reflect.Pointer:
		return zero(v.Elem(), path, out)
	case kind == reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				out = zero(v.Field(i), strings.TrimPrefix(path+"."+f.Name, "."), out)
			}
		}
	case kind == reflect.Slice:
		for i := range v.Len() {
			out = zero(v.Index(i), fmt.Sprintf("%s[%d]", path, i), out)
		}
	}
	return out
}
