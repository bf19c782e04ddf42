package dataplane

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// An interface that forwards because of an endpoint is protected by a rule for as long as it does: it
// stops forwarding when no endpoint needs it, not only when the last endpoint is removed.
func TestForwardingEndsWithItsNeed(t *testing.T) {
	f := newFixture(t, "cvpn-endpoint-7777777777777777d", "10.36.0.0/22")
	path := "/proc/sys/net/ipv4/conf/neta/forwarding"
	if err := os.WriteFile(path, []byte("0"), 0); err != nil {
		t.Fatal(err)
	}
	is := func(what, forwarding string, guarded bool) {
		t.Helper()
		if b, err := os.ReadFile(path); err != nil || strings.TrimSpace(string(b)) != forwarding {
			t.Errorf("%s: forwarding is %q, %v, want %s", what, b, err, forwarding)
		}
		out, err := exec.Command("nft", "list", "chain", "inet", "sallyport", "forwarding").CombinedOutput()
		if err != nil || strings.Contains(string(out), `"neta"`) != guarded {
			t.Errorf("%s: %v, guarded should be %v:\n%s", what, err, guarded, out)
		}
	}
	apply := func(uplinks ...string) error {
		return f.ep.applyRules(t.Context(), f.desired(), f.workers(), uplinks)
	}
	if err := apply(); err != nil { // newFixture had it among them
		t.Fatal(err)
	}
	is("no association", "0", false)
	if err := apply("neta"); err != nil {
		t.Fatal(err)
	}
	is("about to forward", "0", true)
	f.ep.enableForwarding(f.workers(), []string{"neta"})
	is("an association", "1", true)

	// What cannot be written into the kernel has not happened, and is tried again.
	whileNftFails(t, func() {
		if err := apply(); err == nil {
			t.Error("a failure of nft was not reported")
		}
	})
	is("nft failed", "0", true)
	if err := apply("neta"); err != nil {
		t.Fatal(err)
	}
	f.ep.enableForwarding(f.workers(), []string{"neta"})
	is("needed after all", "1", true)
	if err := apply(); err != nil {
		t.Fatal(err)
	}
	is("no longer needed", "0", false)
}

// After a failed write the kernel may hold other rules: rules that equal the former ones are written
// all the same.
func TestRulesAreWrittenAgainAfterAFailure(t *testing.T) {
	f := newFixture(t, "cvpn-endpoint-7777777777777777e", "10.37.0.0/22")
	whileNftFails(t, func() {
		if err := f.ep.applyRules(t.Context(), f.desired(), f.workers(), nil); err == nil {
			t.Error("a failure of nft was not reported")
		}
	})
	if err := exec.Command("nft", "flush", "ruleset").Run(); err != nil {
		t.Fatal(err)
	}
	for _, again := range []bool{true, false} {
		if err := f.ep.applyRules(t.Context(), f.desired(), f.workers(), []string{"neta"}); err != nil {
			t.Fatal(err)
		}
		if written := exec.Command("nft", "delete", "table", "inet", "sallyport").Run() == nil; written != again {
			t.Errorf("rules that are as they were are written: %v, want %v", written, again)
		}
	}
}

// whileNftFails has a program for nft that fails.
func whileNftFails(t *testing.T, do func()) {
	t.Helper()
	broken := t.TempDir()
	if err := os.WriteFile(filepath.Join(broken, "nft"), []byte("#!/bin/sh\nexit 1\n"), 0o755); err != nil { //nolint:gosec // a program
		t.Fatal(err)
	}
	working := os.Getenv("PATH")
	t.Setenv("PATH", broken+":"+working)
	do()
	t.Setenv("PATH", working)
}
