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
	"time"

	"github.com/google/nftables"

	"sallyport/vpn"
)

// DefaultName is the table's name in production; tests on a shared host choose another.
const DefaultName = "sallyport"

// Table is our table in the kernel and what it should hold. It works in the network namespace of
// the calling thread. Its methods may be called from several goroutines. Their errors are
// *vpn.Error: Invalid where an argument cannot be rendered, else Unavailable.
type Table struct {
	name string
	log  *slog.Logger

	// mu guards every field below and serializes all changes of the kernel's table, so it is held
	// while the kernel works. No other lock is taken under it.
	mu       sync.Mutex
	ruleset  Ruleset
	layout   layout
	sessions map[netip.Addr]Session
	read     map[netip.Addr]Counters // the last reading
	sockets  *sockets
	applied  kernelState // what the kernel held after our last change
}

// New returns a table without rules and sessions. It does not change the kernel's table, if there is
// one, before Apply or Restore.
func New(name string, log *slog.Logger) *Table {
	return &Table{name: name, log: log, sessions: map[netip.Addr]Session{}}
}

// Apply replaces rules, maps and sets by those of r in one transaction; sessions and their counters
// stay. Sessions of endpoints that r no longer has are dropped: End them before to get their last
// counters. After an error the kernel's table may have changed, and the next Apply or Repair writes it in full.
func (t *Table) Apply(ctx context.Context, r Ruleset) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.finish(t.write(ctx, r, t.sessions))
}

// Restore is Apply with the sessions given too. A new process calls it with the sessions of its
// journal. Counters that the kernel still has of these sessions continue.
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
	if t.layout == nil && r.check() == nil {
		// The table of the process before is in the kernel. If writing fails, End must still be able to
		// close its sessions, and Drift must find what differs.
		t.ruleset, t.layout, t.sessions = r, newLayout(r), maps.Clone(byAddr)
	}
	return t.finish(t.write(ctx, r, byAddr))
}

// Repair writes the rules and sessions again as they were last applied.
func (t *Table) Repair(ctx context.Context) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.finish(t.write(ctx, t.ruleset, t.sessions))
}

func (t *Table) write(ctx context.Context, r Ruleset, sessions map[netip.Addr]Session) error {
	if err := r.check(); err != nil {
		return err
	}
	c, err := t.openSockets()
	if err != nil {
		return asUnavailable(err)
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

	// Drift compares with what the kernel holds right after our transaction, so a change of another
	// program must not be taken for ours: if one came in between, write again.
	for range 3 {
		before, err := t.generation()
		if err != nil {
			return asUnavailable(err)
		}
		if err := t.replace(ctx, c, r, list, t.applied.exact && t.applied.generation == before); err != nil {
			return err
		}
		t.ruleset, t.layout, t.sessions = r, newLayout(r), kept
		if t.applied, err = t.readState(c); err != nil {
			return asUnavailable(err)
		}
		if err := t.noteApplied(before, true); err != nil || t.applied.exact {
			return err
		}
	}
	return nil
}

// replace writes the text of r over the existing table, and tries again where another program
// changed the table before our transaction. If both fail because the table holds something
// unexpected, it deletes and creates the table, in one transaction as well; only the counters then
// return to their last reading. known means that no other program has changed anything since our
// last change: the session sets are complete and get the difference only.
func (t *Table) replace(ctx context.Context, c *nftables.Conn, r Ruleset, list []Session, known bool) error {
	var err error
	for _, known := range []bool{known, false} {
		var old Objects
		if old, err = t.objects(c, known); err == nil {
			err = runNft(ctx, Render(t.name, r, list, old))
		}
		if err == nil || ctx.Err() != nil {
			return asUnavailable(err)
		}
	}
	if !t.exists(c) {
		return asUnavailable(err)
	}
	text := append([]byte("delete table inet "+t.name+"\n"), Render(t.name, r, list, Objects{Read: t.read})...)
	if again := runNft(ctx, text); again != nil {
		return asUnavailable(errors.Join(err, again))
	}
	t.log.WarnContext(ctx, "packet filter table created anew; counters of live sessions go on from their last reading", "table", t.name, "err", err)
	return nil
}

// Remove deletes the table and forgets rules and sessions. A missing table is no error.
func (t *Table) Remove() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	c, err := t.openSockets()
	if err == nil && t.exists(c) {
		c.DelTable(t.handle())
		if err = c.Flush(); isAbsent(err) {
			err = nil
		}
	}
	t.closeSockets()
	if err != nil {
		return asUnavailable(fmt.Errorf("delete the table %s: %w", t.name, err))
	}
	t.ruleset, t.layout, t.applied = Ruleset{}, nil, kernelState{}
	t.sessions, t.read = map[netip.Addr]Session{}, nil
	return nil
}

// finish ends every call: after an error the next call opens new sockets, and the state of the
// kernel's table is unknown until it is read or written again.
func (t *Table) finish(err error) error {
	if err != nil {
		t.closeSockets()
		t.applied.exact = false
	}
	return asUnavailable(err)
}

func (t *Table) exists(c *nftables.Conn) bool {
	tables, err := c.ListTablesOfFamily(nftables.TableFamilyINet)
	return err == nil && slices.ContainsFunc(tables, func(x *nftables.Table) bool { return x.Name == t.name })
}

// nftTimeout bounds one run of nft: no session can be opened or closed meanwhile.
const nftTimeout = 30 * time.Second

// runNft has nft commit a text as one transaction.
func runNft(ctx context.Context, text []byte, options ...string) error {
	path, err := findNft()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, nftTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, append(options, "-f", "-")...)
	cmd.Env = []string{"LC_ALL=C"}
	cmd.Stdin = bytes.NewReader(text)
	var messages bytes.Buffer
	cmd.Stdout, cmd.Stderr = &messages, &messages
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("nft: %w: %s", err, firstLine(messages.String()))
	}
	return nil
}

// findNft also finds nft where PATH lacks /usr/sbin, as under cron.
func findNft() (string, error) {
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

// asUnavailable wraps an error of the kernel or of nft in a *vpn.Error with a message for
// administrators. A *vpn.Error stays as it is.
func asUnavailable(err error) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*vpn.Error](err); ok {
		return e
	}
	msg := "The host's packet filter did not accept the rules."
	if errors.Is(err, os.ErrPermission) || strings.Contains(err.Error(), "Operation not permitted") {
		msg = "The packet filter may only be changed by root or with CAP_NET_ADMIN."
	}
	return vpn.Refuse(vpn.Unavailable, vpn.CodePacketFilterFailed, msg).Because(err)
}
