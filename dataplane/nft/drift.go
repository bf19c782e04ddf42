package nft

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"github.com/google/nftables"
	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// kernelState is what the kernel held after our last change.
type kernelState struct {
	generation uint32
	exact      bool // no other program's transaction came between ours and reading the generation
	chains     string
	rules      [32]byte
	fixedSets  map[string][32]byte // sums of the elements of all sets but the session sets
}

// Drift returns one sentence for each difference between the kernel's table and what was applied
// last; none where nothing was applied. It costs one small netlink request unless a transaction, of
// this program or another, was committed since the last call.
func (t *Table) Drift(ctx context.Context) ([]string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.layout == nil {
		return nil, nil
	}
	found, err := t.checkDrift(ctx)
	return found, t.finish(err)
}

func (t *Table) checkDrift(ctx context.Context) ([]string, error) {
	now, err := t.generation()
	if err != nil || t.applied.exact && now == t.applied.generation {
		return nil, err
	}
	c, err := t.openSockets()
	if err != nil {
		return nil, err
	}
	found, err := t.findDrift(ctx, c)
	if err == nil && len(found) == 0 {
		// Another program changed a table of its own. If more transactions came during the comparison,
		// the next call compares again: now was read before.
		t.applied.generation, t.applied.exact = now, true
	}
	return found, err
}

func (t *Table) findDrift(ctx context.Context, c *nftables.Conn) ([]string, error) {
	if !t.exists(c) {
		return []string{fmt.Sprintf("The packet filter table inet %s was deleted.", t.name)}, nil
	}
	var found []string
	now, err := t.readState(c)
	if err != nil {
		return nil, err
	}
	if now.chains != t.applied.chains {
		found = append(found, fmt.Sprintf("Chains or sets of the packet filter table inet %s were changed.", t.name))
	}
	rules := now.rules != t.applied.rules
	for name, sum := range t.applied.fixedSets {
		switch {
		case now.fixedSets[name] == sum:
		case strings.HasPrefix(name, "__"): // the anonymous set of a rule
			rules = true
		default:
			found = append(found, fmt.Sprintf("The elements of %s in the packet filter table inet %s were changed.", name, t.name))
		}
	}
	if rules {
		found = append(found, fmt.Sprintf("Rules of the packet filter table inet %s were changed.", t.name))
	}
	want := map[string]map[string]bool{}
	for _, s := range t.sessions {
		for _, m := range t.layout.membersOf(s) {
			if want[m.Set] == nil {
				want[m.Set] = map[string]bool{}
			}
			want[m.Set][string(m.element().Key)] = true
		}
	}
	for _, name := range t.layout.sessionSets() {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		same, err := t.setHolds(c, name, want[name])
		if err != nil {
			return nil, err
		}
		if !same {
			found = append(found, fmt.Sprintf("Sessions in %s of the packet filter table inet %s were changed.", name, t.name))
		}
	}
	slices.Sort(found)
	return found, nil
}

func (t *Table) setHolds(c *nftables.Conn, set string, want map[string]bool) (bool, error) {
	elements, err := c.GetSetElements(t.set(set))
	if isAbsent(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read the set %s: %w", set, err)
	}
	if len(elements) != len(want) {
		return false, nil
	}
	for _, e := range elements {
		if !want[string(e.Key)] {
			return false, nil
		}
	}
	return true, nil
}

// noteApplied records that a change of ours, begun at generation before, is committed. The state
// stays exact where that was the only transaction since. Another program's transaction is mistaken
// for ours only where ours then changed nothing, because the other one had added the same elements;
// its further changes stay undetected until the next transaction of another program.
func (t *Table) noteApplied(before uint32, known bool) error {
	now, err := t.generation()
	if err != nil {
		return asUnavailable(err)
	}
	t.applied.exact = known && now == before+1
	t.applied.generation = now
	return nil
}

// readState reads what only Apply, Restore and Repair change.
func (t *Table) readState(c *nftables.Conn) (kernelState, error) {
	var s kernelState
	chains, err := c.ListChainsOfTableFamily(nftables.TableFamilyINet)
	if err != nil {
		return s, fmt.Errorf("list chains: %w", err)
	}
	var lines []string
	for _, ch := range chains {
		if ch.Table.Name != t.name {
			continue
		}
		lines = append(lines, chainText(ch))
	}
	sets, err := c.GetSets(t.handle())
	if err != nil {
		return s, fmt.Errorf("list sets: %w", err)
	}
	s.fixedSets = map[string][32]byte{}
	members := append(t.layout.sessionSets(), limitSets...)
	for _, set := range sets {
		lines = append(lines, "set "+set.Name)
		if slices.Contains(members, set.Name) {
			continue
		}
		if s.fixedSets[set.Name], err = t.sumElements(c, set); err != nil {
			return s, err
		}
	}
	slices.Sort(lines)
	s.chains = fmt.Sprint(lines)
	s.rules, err = t.sumRules()
	return s, err
}

// sumElements hashes the sorted elements of a set: the kernel may list them in any order.
func (t *Table) sumElements(c *nftables.Conn, set *nftables.Set) ([32]byte, error) {
	elements, err := c.GetSetElements(&nftables.Set{Table: t.handle(), Name: set.Name})
	if err != nil {
		return [32]byte{}, fmt.Errorf("read the set %s: %w", set.Name, err)
	}
	lines := make([][]byte, len(elements))
	for i, e := range elements {
		lines[i] = elementText(e)
	}
	slices.SortFunc(lines, bytes.Compare)
	return sha256.Sum256(bytes.Join(lines, nil)), nil
}

// chainText is what Drift compares of a chain; its rules are compared apart.
func chainText(c *nftables.Chain) string {
	text := fmt.Sprintf("chain %q type %q device %q", c.Name, c.Type, c.Device)
	if c.Hooknum != nil && c.Priority != nil {
		text += fmt.Sprintf(" hook %d priority %d", *c.Hooknum, *c.Priority)
	}
	if c.Policy != nil {
		text += fmt.Sprintf(" policy %d", *c.Policy)
	}
	return text
}

// elementText is what Drift compares of an element. The library leaves the verdict of a verdict
// map, code and chain, undecoded in Val.
func elementText(e nftables.SetElement) []byte {
	return fmt.Appendf(nil, "%x %x %v %x\n", e.Key, e.KeyEnd, e.IntervalEnd, e.Val)
}

// sumRules hashes all rules of the table as the kernel lists them, handles and order included.
func (t *Table) sumRules() ([32]byte, error) {
	replies, err := t.request(unix.NFT_MSG_GETRULE, unix.NFPROTO_INET, netlink.Dump,
		[]netlink.Attribute{{Type: unix.NFTA_RULE_TABLE, Data: []byte(t.name + "\x00")}})
	if err != nil {
		return [32]byte{}, fmt.Errorf("list the rules of %s: %w", t.name, err)
	}
	sum := sha256.New()
	for _, m := range replies {
		if len(m.Data) > 4 {
			sum.Write(m.Data[4:]) // the header before holds the generation
		}
	}
	return [32]byte(sum.Sum(nil)), nil
}
