package nft

import (
	"maps"
	"net/netip"
	"slices"

	"github.com/google/nftables"
)

// Put admits sessions, or moves ones that are there to other groups, another association or
// another device, all in one transaction. A counter goes on where the address stays.
//
// An address that another client had before must have been through End, and its connection
// tracking entries deleted, or the new holder inherits both.
func (t *Table) Put(sessions ...Session) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	want := map[netip.Addr]Session{} // the last one for an address counts
	for _, s := range sessions {
		if err := t.ruleset.admits(s); err != nil {
			return err
		}
		want[s.Addr] = s
	}
	var remove, add []Member
	for a, s := range want {
		if _, stays := t.sessions[a]; !stays {
			delete(t.read, a) // that was somebody else's
		}
		now := t.placing.of(s)
		before := t.present(a)
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
	if err := t.settled(t.edit(remove, add)); err != nil {
		return err
	}
	maps.Copy(t.sessions, want)
	return nil
}

// End takes sessions out: nothing of theirs passes from the moment it returns, running flows
// included. It gives what each had been let through in all, the last packet included; addresses
// without a session are left out.
func (t *Table) End(addrs ...netip.Addr) (map[netip.Addr]Counters, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var gates []Member
	ending := map[netip.Addr]bool{}
	for _, a := range addrs {
		if ending[a] {
			continue
		}
		ending[a] = true
		for _, m := range t.present(a) {
			if !slices.Contains(counterSets, m.Set) {
				gates = append(gates, m)
			}
		}
	}
	// First the gates, then read, then the counters: in this order no packet is missed. Whatever
	// fails after the gates, no repair may open them again; who tries again still finds the counters.
	if err := t.settled(t.edit(gates, nil)); err != nil {
		return nil, err
	}
	for a := range ending {
		delete(t.sessions, a)
		delete(t.read, a)
	}
	last, err := t.countersOf(ending)
	if err := t.settled(err); err != nil {
		return nil, err
	}
	var counted []Member
	for a := range last {
		for _, set := range counterSets {
			counted = append(counted, Member{Set: set, Addr: a})
		}
	}
	if err := t.settled(t.edit(counted, nil)); err != nil {
		return nil, err
	}
	return last, nil
}

// Sessions gives the sessions that the table admits, by address.
func (t *Table) Sessions() map[netip.Addr]Session {
	t.mu.Lock()
	defer t.mu.Unlock()
	return maps.Clone(t.sessions)
}

func (t *Table) present(a netip.Addr) []Member {
	if s, ok := t.sessions[a]; ok {
		return t.placing.of(s)
	}
	return nil
}

func (t *Table) edit(remove, add []Member) error {
	if len(remove)+len(add) == 0 {
		return nil
	}
	c, err := t.dial()
	if err != nil {
		return unavailable(err)
	}
	before, err := t.generation()
	if err != nil {
		return unavailable(err)
	}
	known := t.applied.exact && t.applied.generation == before
	err = t.change(c, remove, add)
	if absent(err) && len(remove) > 0 {
		known = false
		// Somebody took an element or a whole set away. What is there no longer need not be
		// removed; what is missing otherwise is for Drift to find.
		err = t.changeLoosely(c, remove, add)
	}
	if err != nil {
		return unavailable(err)
	}
	return t.remember(before, known)
}

// changeLoosely removes one element at a time and forgives those that are gone, then adds.
func (t *Table) changeLoosely(c *nftables.Conn, remove, add []Member) error {
	for _, m := range remove {
		if err := t.change(c, []Member{m}, nil); err != nil && !absent(err) {
			return err
		}
	}
	if len(add) == 0 {
		return nil
	}
	return t.change(c, nil, add)
}
