package ldap

import (
	"time"

	"sallyport/vpn"
)

// step begins a step of a sign-in. The function that it gives ends it. Without a trace nothing is collected.
func step(t *vpn.SignInTrace, name string) func(err error, detail ...string) {
	if t == nil {
		return func(error, ...string) {}
	}
	begun := time.Now()
	return func(err error, detail ...string) {
		t.Steps = append(t.Steps, vpn.SignInStep{Name: name, Detail: detail, Took: time.Since(begun), Err: err})
	}
}
