package nft

import (
	"maps"
	"net/netip"
	"slices"

	"github.com/google/nftables"
)

// Put admits sessions, or changes the groups, association or device of existing ones, all in one
// transaction. The counter of an existing address continues. A session that does not fit the
// applied ruleset is refused with a *vpn.Error of kind Invalid, and none is put.
//
// Before an address is given to another client, its session must be ended with End and its
// connection tracking entries deleted (host.ForgetFlows), or the new client inherits both.
func (t *Table) Put(sessions ...Session) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	want := map[netip.Addr]Session{} // of two sessions with one address the last one is used
	for _, s := range sessions {
		if err := t.ruleset.admits(s); err != nil {
			return err
		}
		want[s.Addr] = s
	}
	var remove, add []Member
	for a, s := range want {
		if _, stays := t.sessions[a]; !stays {
			delete(t.read, a) // the reading belongs to the client that had the address before
		}
		now := t.layout.membersOf(s)
		before := t.currentMembers(a)
		for _, m := range before {
			if !slices.Contains(now, m) {
				remove = append(remove, m)
			}
		}
		for _, m := range now {
			if !slices.Contains(before, m) {
				add = append(add, m)
			}
		}
	}
	if err := t.finish(t.changeMembers(remove, add)); err != nil {
		// The kernel may have committed it all the same, and these sessions will not be ended.
		_ = t.finish(t.changeMembers(add, nil))
		return err
	}
	maps.Copy(t.sessions, want)
	return nil
}

// End removes sessions: no packet of theirs passes after it returns, running flows included. It
// returns their final counters, the last packet included; an address without a session is left out.
// After an error it may be called again with the same addresses.
func (t *Table) End(addrs ...netip.Addr) (map[netip.Addr]Counters, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var admitting []Member
	ending := map[netip.Addr]bool{}
	for _, a := range addrs {
		if ending[a] {
			continue
		}
		ending[a] = true
		for _, m := range t.currentMembers(a) {
			if !slices.Contains(counterSets, m.Set) {
				admitting = append(admitting, m)
			}
		}
	}
	// First delete the admitting elements, then read the counters, then delete those: in this order
	// no packet is missed. If a later step fails, Repair must not admit the sessions again, and the
	// next End still finds the counters.
	if err := t.finish(t.changeMembers(admitting, nil)); err != nil {
		return nil, err
	}
	for a := range ending {
		delete(t.sessions, a)
		delete(t.read, a)
	}
	last, err := t.countersOf(ending)
	if err := t.finish(err); err != nil {
		return nil, err
	}
	var counted []Member
	for a := range last {
		for _, set := range counterSets {
			counted = append(counted, Member{Set: set, Addr: a})
		}
	}
	if err := t.finish(t.changeMembers(counted, nil)); err != nil {
		return nil, err
	}
	return last, nil
}

// Sessions returns the sessions that the table admits, by address.
func (t *Table) Sessions() map[netip.Addr]Session {
	t.mu.Lock()
	defer t.mu.Unlock()
	return maps.Clone(t.sessions)
}

func (t *Table) currentMembers(a netip.Addr) []Member {
	if s, ok := t.sessions[a]; ok {
		return t.layout.membersOf(s)
	}
	return nil
}

func (t *Table) changeMembers(remove, add []Member) error {
	if len(remove)+len(add) == 0 {
		return nil
	}
	c, err := t.openSockets()
	if err != nil {
		return asUnavailable(err)
	}
	before, err := t.generation()
	if err != nil {
		return asUnavailable(err)
	}
	known := t.applied.exact && t.applied.generation == before
	err = t.editElements(c, remove, add)
	if isAbsent(err) && len(remove) > 0 {
		known = false
		// Another program deleted an element or a whole set. What is missing need not be deleted;
		// everything else that is missing will be found by Drift.
		err = t.editElementsLoosely(c, remove, add)
	}
	if err != nil {
		return asUnavailable(err)
	}
	if err := t.noteApplied(before, known); err != nil {
		_ = t.finish(err) // the elements are in the kernel: only what else is there is unknown
	}
	return nil
}

// editElementsLoosely deletes one element at a time and ignores missing ones, then adds.
func (t *Table) editElementsLoosely(c *nftables.Conn, remove, add []Member) error {
	for _, m := range remove {
		if err := t.editElements(c, []Member{m}, nil); err != nil && !isAbsent(err) {
			return err
		}
	}
	if len(add) == 0 {
		return nil
	}
	return t.editElements(c, nil, add)
}
