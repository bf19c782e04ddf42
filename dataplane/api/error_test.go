package api

import (
	"errors"
	"net"
	"net/http"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"sallyport/dataplane/client"
	"sallyport/dataplane/wire"
	"sallyport/vpn"
)

// TestErrorsCrossTheSocketWhole sets every exported field of a *vpn.Error, has the engine return it,
// and expects the client to return the same. The cause stays in the dataplane.
func TestErrorsCrossTheSocketWhole(t *testing.T) {
	t.Parallel()
	sent := vpn.Error{Kind: vpn.Conflict, Code: vpn.CodeHostConflict, Msg: "A sentence.", Fields: map[string]string{"name": "Bad."}}
	for i := range reflect.TypeFor[wire.Error]().NumField() {
		if name := reflect.TypeFor[wire.Error]().Field(i).Name; !reflect.ValueOf(sent).FieldByName(name).IsValid() {
			t.Errorf("wire.Error has a field %s that vpn.Error has not", name)
		}
	}
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: Handler(&engine{err: &sent}, discardLog()), ReadHeaderTimeout: time.Minute}
	go func() { _ = srv.Serve(l) }()
	t.Cleanup(func() { srv.Close() })
	got, ok := errors.AsType[*vpn.Error](client.New(path).Decide(t.Context(), nil))
	if !ok {
		t.Fatal("the client returned no *vpn.Error")
	}
	for i := range reflect.TypeFor[vpn.Error]().NumField() {
		field := reflect.TypeFor[vpn.Error]().Field(i)
		if !field.IsExported() {
			continue
		}
		want, have := reflect.ValueOf(sent).Field(i), reflect.ValueOf(*got).Field(i)
		if want.IsZero() || !reflect.DeepEqual(want.Interface(), have.Interface()) {
			t.Errorf("%s is %v at the client, was %v; want it set and the same", field.Name, have, want)
		}
	}
}
