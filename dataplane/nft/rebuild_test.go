package nft_test

import (
	"bytes"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/nftables"

	"sallyport/dataplane/nft"
	"sallyport/vpn"
)

// TestRulesChangeAroundSessions: Apply writes only the difference to the session sets. So sets must be
// added, deleted and added again with the right elements, and a change of another program must not be
// taken for one of this program.
func TestRulesChangeAroundSessions(t *testing.T) {
	l := newLab(t)
	l.target.echo()
	engineers, doctors := group("172.16.0.0/16", "engineers"), group("172.16.0.0/16", "doctors")
	l.apply(engineers)
	c := l.client("10.8.0.2", 0, "engineers")
	other := l.client("10.8.0.3", 1, "doctors")
	holds := func(what string, mine, others bool) {
		t.Helper()
		for c, want := range map[*client]bool{c: mine, other: others} {
			within := silence
			if want {
				within = timeout
			}
			if got := c.answers(someTarget, within); got != want {
				t.Errorf("%s: %s is answered: %v", what, c.addr, got)
			}
		}
		nftCommand(t, "add table inet other") // makes Drift compare every element
		nftCommand(t, "delete table inet other")
		if found, err := l.table.Drift(t.Context()); err != nil || len(found) != 0 {
			t.Errorf("%s: drift %q, %v", what, found, err)
		}
	}
	holds("one group", true, false)
	l.apply(doctors)
	holds("another group", false, true)
	l.put(other, "engineers")
	holds("the doctor is an engineer now", false, false)
	l.apply(engineers, doctors)
	holds("both groups", true, true)
	e := l.endpoint(engineers)
	e.Associations[0].ID = vpn.NewAssociationID()
	l.applyEndpoint(e)
	holds("the association is another one", false, false)
	l.apply(engineers)
	holds("the association is back", true, true)
	_, err := l.table.End(other.addr)
	must(t, err)
	l.apply(engineers, doctors)
	holds("one has left", true, false)
	l.put(other, "doctors")
	holds("and is back", true, true)
	e = l.endpoint(engineers, doctors)
	e.Devices = e.Devices[:1]
	l.applyEndpoint(e)
	holds("there is one device less", true, false)
	for _, line := range []string{
		"flush set inet sptest sessions", "flush set inet sptest received", "flush ruleset",
		`add element inet sptest sessions { "` + c.device.name + `" . 10.8.0.77 }`,
	} {
		nftCommand(t, line)
		l.apply(engineers, doctors)
		holds("after "+line, true, false)
	}
}

// interposed replaces nft by a script that runs the given commands first. "$real" is nft itself, "$once"
// a file that exists at the first call only.
func interposed(t *testing.T, script string) {
	t.Helper()
	dir := t.TempDir()
	text := "#!/bin/sh\nreal=/usr/sbin/nft\nonce=" + dir + "/once\n" + script + "\nrm -f $once\nexec $real \"$@\"\n"
	must(t, os.WriteFile(filepath.Join(dir, "once"), nil, 0o600))
	must(t, os.WriteFile(filepath.Join(dir, "nft"), []byte(text), 0o700)) //nolint:gosec // a program
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
}

// A change of another program between our reading and our transaction is repaired, and no counter is
// lost.
func TestRulesChangeDuringForeignChange(t *testing.T) {
	for _, line := range []string{
		"add table inet other", "flush set inet sptest sessions", "delete set inet sptest stray", "flush ruleset",
		"delete element inet sptest received { 10.8.0.3 }", `add element inet sptest sessions { "lan0" . 10.8.0.77 }`,
	} {
		t.Run(line, func(t *testing.T) {
			l := newLab(t)
			l.target.echo()
			e := l.endpoint(all("172.16.5.5/32"))
			l.applyEndpoint(e)
			c, other := l.client("10.8.0.2", 0), l.client("10.8.0.3", 1)
			c.mustAnswer(someTarget)
			other.mustAnswer(someTarget)
			before, err := l.table.Counters()
			must(t, err)
			if strings.Contains(line, "stray") {
				nftCommand(t, "add set inet sptest stray { type ipv4_addr; }")
			}
			interposed(t, "[ -e $once ] && $real '"+line+"' </dev/null")
			e.Devices = e.Devices[:1] // the other client must be removed
			l.applyEndpoint(e)
			c.mustAnswer(someTarget)
			other.mustNotAnswer(someTarget)
			nftCommand(t, "add table inet other")
			nftCommand(t, "delete table inet other")
			if found, err := l.table.Drift(t.Context()); err != nil || len(found) != 0 {
				t.Errorf("drift %q, %v", found, err)
			}
			after, err := l.table.Counters()
			must(t, err)
			if line != "flush ruleset" && after[c.addr].PacketsIn <= before[c.addr].PacketsIn {
				t.Errorf("counters were reset: %+v, before %+v", after[c.addr], before[c.addr])
			}
		})
	}
}

// A change of this program must not hide one of another program that came before it.
func TestOwnChangeDoesNotHideAForeignOne(t *testing.T) {
	l := newLab(t)
	l.apply(all("172.16.5.5/32"))
	c := l.client("10.8.0.2", 0)
	foreign := `add element inet sptest sessions { "` + c.device.name + `" . 10.8.0.77 }`
	for what, change := range map[string]func(){
		"a session ends":   func() { _, err := l.table.End(c.addr); must(t, err) },
		"a session begins": func() { l.put(c) },
		"a session ends that is gone already": func() {
			nftCommand(t, "flush set inet sptest sessions")
			_, err := l.table.End(c.addr)
			must(t, err)
			nftCommand(t, foreign)
		},
	} {
		nftCommand(t, foreign)
		change()
		if found, err := l.table.Drift(t.Context()); err != nil || len(found) == 0 {
			t.Errorf("%s: drift %q, %v; want a sentence", what, found, err)
		}
		must(t, l.table.Repair(t.Context()))
		l.put(c)
	}
}

// The elements of clients are not written again for each rule that changes.
func TestRebuildLeavesSessionsAlone(t *testing.T) {
	l := newLab(t)
	l.apply(all("172.16.5.5/32"))
	c := l.client("10.8.0.2", 0, "engineers")
	text := filepath.Join(t.TempDir(), "text")
	interposed(t, "tee "+text+" | $real \"$@\"; exit $?")
	l.apply(group("172.16.5.5/32", "engineers"))
	written, err := os.ReadFile(text)
	must(t, err)
	// Once, in the set of the group, which is new.
	if n := bytes.Count(written, []byte(c.addr.String())); n != 1 {
		t.Errorf("the address of a session is written %d times, want once:\n%s", n, written)
	}
	must(t, l.table.Repair(t.Context()))
	if written, err = os.ReadFile(text); err != nil || bytes.Contains(written, []byte(c.addr.String())) {
		t.Errorf("%v; Repair of a table without drift writes the session again:\n%s", err, written)
	}
}

// A process that takes over and cannot write can still end the sessions of the one before.
func TestEndAfterAFailedRestore(t *testing.T) {
	l := newLab(t)
	l.target.echo()
	r := nft.Ruleset{Endpoints: []nft.Endpoint{l.endpoint(all("172.16.5.5/32"))}}
	must(t, l.table.Apply(t.Context(), r))
	c, other := l.client("10.8.0.2", 0), l.client("10.8.0.3", 1)
	c.mustAnswer(someTarget)
	next := nft.New("sptest", discard)
	working := os.Getenv("PATH")
	interposed(t, "exit 1")
	var sessions []nft.Session
	for _, s := range l.table.Sessions() {
		sessions = append(sessions, s)
	}
	if err := next.Restore(t.Context(), r, sessions); err == nil {
		t.Fatal("Restore succeeded although nft failed")
	}
	t.Setenv("PATH", working)
	last, err := next.End(c.addr)
	must(t, err)
	if last[c.addr].PacketsIn == 0 {
		t.Errorf("last counters %+v", last)
	}
	c.mustNotAnswer(someTarget)
	other.mustAnswer(someTarget)
	if found, err := next.Drift(t.Context()); err != nil || len(found) == 0 {
		t.Errorf("drift %q, %v; want the difference to what was never written", found, err)
	}
	must(t, next.Repair(t.Context()))
	c.mustNotAnswer(someTarget)
	other.mustAnswer(someTarget)
	l.table = next
}

// Another program flushes all rules at any moment of an End. What is left of the table must never be
// taken for the applied state; before that was fixed, it was in one round of forty.
func TestFlushInTheMiddleOfAnEnd(t *testing.T) {
	l := newLab(t)
	foreign, err := nftables.New(nftables.AsLasting())
	must(t, err)
	defer func() { _ = foreign.CloseLasting() }()
	e := l.endpoint(group("172.16.0.0/16", "engineers"))
	s := nft.Session{Addr: netip.MustParseAddr("10.8.0.2"), Device: l.devices[0].name, Endpoint: l.id, Association: l.assoc, Groups: []string{"engineers"}}
	for range 200 {
		l.applyEndpoint(e)
		must(t, l.table.Put(s))
		wait := time.Duration(rand.IntN(600)) * time.Microsecond //nolint:gosec // any moment
		flushed := make(chan error)
		go func() {
			for began := time.Now(); time.Since(began) < wait; { // a timer is too coarse
			}
			foreign.FlushRuleset()
			flushed <- foreign.Flush()
		}()
		_, ended := l.table.End(s.Addr)
		must(t, <-flushed)
		if found, err := l.table.Drift(t.Context()); ended == nil && err == nil && len(found) == 0 {
			t.Fatalf("the table was deleted and Drift reports nothing (flushed %v after End began)", wait)
		}
	}
}
