package controltest

import (
	"strings"

	"sallyport/vpn"
)

// Must ends the test where err is not nil.
func (k *Kit) Must(err error) {
	k.T.Helper()
	if err != nil {
		k.T.Fatal(err)
	}
}

// WantKind checks the kind of a refusal and its words.
func (k *Kit) WantKind(what string, err error, kind vpn.Kind, words string) {
	k.T.Helper()
	if err == nil || vpn.KindOf(err) != kind || !strings.Contains(err.Error(), words) {
		k.T.Errorf("%s: got %v (%s), want %s with %q", what, err, vpn.KindOf(err), kind, words)
	}
}

// WantRefusal runs a request and checks the kind and words of its refusal, and that it changed nothing.
func (k *Kit) WantRefusal(what string, kind vpn.Kind, words string, run func() error) {
	k.T.Helper()
	before := k.Rows()
	k.Woken()
	k.WantKind(what, run(), kind, words)
	k.wantUnchanged(what, before)
}

// WantBadInput runs a request and checks that it is refused with a sentence for the field, changes no
// row and leaves no audit record: it tried nothing that is forbidden.
func (k *Kit) WantBadInput(what, field string, run func() error) {
	k.T.Helper()
	before := k.Rows()
	k.Woken()
	if err := run(); vpn.KindOf(err) != vpn.Invalid || vpn.FieldsOf(err)[field] == "" {
		k.T.Errorf("%s: got %v, want field %s", what, err, field)
	}
	k.wantUnchanged(what, before)
}

func (k *Kit) wantUnchanged(what, before string) {
	k.T.Helper()
	if after := k.Rows(); after != before {
		k.T.Errorf("%s changed\n%s\nto\n%s", what, before, after)
	}
	if k.Woken() {
		k.T.Errorf("%s woke the reconciler", what)
	}
}
