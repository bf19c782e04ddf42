package nft

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"

	"github.com/google/nftables"

	"sallyport/vpn"
)

// DefaultName is the table's name in production; tests on a shared host choose another.
const DefaultName = "sallyport"

// Table is the kernel's table of ours and what it should hold. It acts in the network namespace of
// the process (of the calling thread, where a test has given that one of its own). Its methods
// may be called from several goroutines.
type Table struct {
	name string
	log  *slog.Logger

	mu       sync.Mutex
	ruleset  Ruleset
	placing  placing
	sessions map[netip.Addr]Session
	read     map[netip.Addr]Counters // what the counters said when they were last asked
	kernel   *kernel
	applied  state // what the kernel held after our last own change
}

// New gives a table that knows nothing yet; the kernel's one, if any, is left alone until Apply
// or Restore.
func New(name string, log *slog.Logger) *Table {
	return &Table{name: name, log: log, sessions: map[netip.Addr]Session{}}
}

// Apply replaces rules, maps and sets by those of r in one transaction; sessions and their
// counters stay. Sessions of endpoints that r no longer has are forgotten: End them before, for
// their last counters. Where it fails nothing has changed, in the kernel or here.
func (t *Table) Apply(ctx context.Context, r Ruleset) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.settled(t.rebuild(ctx, r, t.sessions))
}

// Restore is Apply with the sessions given too: what a new process does that has read who is
// connected from its journal. Counters that the kernel still has of these sessions go on.
func (t *Table) Restore(ctx context.Context, r Ruleset, sessions []Session) error {
	byAddr := make(map[netip.Addr]Session, len(sessions))
	for _, s := range sessions {
		if err := r.admits(s); err != nil {
			return err
		}
		byAddr[s.Addr] = s
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.placing == nil && r.check() == nil {
		// That process's table is in the kernel. If this fails, End must close what is open there, and
		// Drift finds what is to be repaired.
		t.ruleset, t.placing, t.sessions = r, newPlacing(r), maps.Clone(byAddr)
	}
	return t.settled(t.rebuild(ctx, r, byAddr))
}

// Repair writes everything again as it was last applied.
func (t *Table) Repair(ctx context.Context) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.settled(t.rebuild(ctx, t.ruleset, t.sessions))
}

func (t *Table) rebuild(ctx context.Context, r Ruleset, sessions map[netip.Addr]Session) error {
	if err := r.check(); err != nil {
		return err
	}
	c, err := t.dial()
	if err != nil {
		return unavailable(err)
	}
	kept := map[netip.Addr]Session{}
	var list []Session
	for a, s := range sessions {
		if r.admits(s) == nil {
			kept[a] = s
			list = append(list, s)
		}
	}
	slices.SortFunc(list, func(a, b Session) int { return a.Addr.Compare(b.Addr) })

	// What the kernel holds right after is the measure for Drift, so nobody else's change may
	// be taken for ours: where one came in between, once more.
	for range 3 {
		before, err := t.generation()
		if err != nil {
			return unavailable(err)
		}
		if err := t.replace(ctx, c, r, list, t.applied.exact && t.applied.generation == before); err != nil {
			return err
		}
		t.ruleset, t.placing, t.sessions = r, newPlacing(r), kept
		if t.applied, err = t.observe(c); err != nil {
			return unavailable(err)
		}
		if err := t.remember(before, true); err != nil || t.applied.exact {
			return err
		}
	}
	return nil
}

// replace tries the rebuild in place, once more where somebody was quicker than our transaction,
// and where the table holds what it should not (somebody else changed it) a fresh one: deleting
// and creating again is one transaction as well, only the counters go back to their last reading.
// Where only we have changed anything since our last change (known), sets of sessions hold what
// they should and get the difference alone.
func (t *Table) replace(ctx context.Context, c *nftables.Conn, r Ruleset, list []Session, known bool) error {
	var err error
	for _, known := range []bool{known, false} {
		var old Objects
		if old, err = t.objects(c, known); err == nil {
			err = run(ctx, Render(t.name, r, list, old))
		}
		if err == nil || ctx.Err() != nil {
			return unavailable(err)
		}
	}
	if !t.exists(c) {
		return unavailable(err)
	}
	text := append([]byte("delete table inet "+t.name+"\n"), Render(t.name, r, list, Objects{Read: t.read})...)
	if again := run(ctx, text); again != nil {
		return unavailable(errors.Join(err, again))
	}
	t.log.WarnContext(ctx, "packet filter table created anew; counters of live sessions go on from their last reading", "table", t.name, "err", err)
	return nil
}

// Remove deletes the table and forgets everything. A table that is not there is no error.
func (t *Table) Remove() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	c, err := t.dial()
	if err == nil && t.exists(c) {
		c.DelTable(t.handle())
		if err = c.Flush(); absent(err) {
			err = nil
		}
	}
	t.hangUp()
	if err != nil {
		return unavailable(fmt.Errorf("delete the table %s: %w", t.name, err))
	}
	t.ruleset, t.placing, t.applied = Ruleset{}, nil, state{}
	t.sessions, t.read = map[netip.Addr]Session{}, nil
	return nil
}

// settled ends every call: after an error the next one starts with fresh sockets, and nothing is
// known of the kernel until Drift or a rebuild has looked.
func (t *Table) settled(err error) error {
	if err != nil {
		t.hangUp()
		t.applied.exact = false
	}
	return unavailable(err)
}

func (t *Table) exists(c *nftables.Conn) bool {
	tables, err := c.ListTablesOfFamily(nftables.TableFamilyINet)
	return err == nil && slices.ContainsFunc(tables, func(x *nftables.Table) bool { return x.Name == t.name })
}

// run gives a text to nft as one transaction.
func run(ctx context.Context, text []byte, options ...string) error {
	path, err := command()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, path, append(options, "-f", "-")...)
	cmd.Env = []string{"LC_ALL=C"}
	cmd.Stdin = bytes.NewReader(text)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("nft: %w: %s", err, firstLine(said.String()))
	}
	return nil
}

// command finds nft also where PATH lacks the administrator's directories, as under cron.
func command() (string, error) {
	for _, name := range []string{"nft", "/usr/sbin/nft", "/sbin/nft"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", vpn.Refuse(vpn.Unavailable, vpn.CodeMissingNft, "The command nft is not installed; install the package nftables.")
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	if len(line) > 300 {
		line = line[:300]
	}
	return line
}

// unavailable makes any failure of the kernel or of nft a sentence; a sentence stays as it is.
func unavailable(err error) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*vpn.Error](err); ok {
		return e
	}
	msg := "The host's packet filter did not take the rules."
	if errors.Is(err, os.ErrPermission) || strings.Contains(err.Error(), "Operation not permitted") {
		msg = "The packet filter may only be changed by root or with CAP_NET_ADMIN."
	}
	return vpn.Refuse(vpn.Unavailable, vpn.CodePacketFilterFailed, msg).Because(err)
}
