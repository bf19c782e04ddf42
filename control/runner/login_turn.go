package runner

import (
	"context"
	"net/netip"
	"sync"

	"sallyport/vpn"
)

// How many logins a directory is asked about at a time, from one address and in all, and how many of one address wait or
// are asked about: a host that sends many takes no turn from others, and a slow directory none from other directories.
const (
	turnsOfSource    = 16
	turnsOfDirectory = 64
	waitingOfSource  = 256
)

var errManyLogins = vpn.Refuse(vpn.Unavailable, vpn.CodeLoginNotDecided, "Too many logins from your address wait to be checked. Your client tries again.")

// turns gives logins their turn at a directory.
type turns struct {
	mu sync.Mutex // guards of; held for no wait
	of map[turnKey]*turn
}

// turnKey names those that take turns: the logins of one source at a directory, or all of a directory.
type turnKey struct {
	directory vpn.DirectoryID
	source    netip.Addr // invalid: all
}

type turn struct {
	places chan struct{}
	held   int // by those that wait, and those that have their turn
}

func newTurns() *turns { return &turns{of: map[turnKey]*turn{}} }

// take waits for a login's turn. done ends it. The error is that of ctx, or Unavailable where too many of the source wait.
func (t *turns) take(ctx context.Context, directory vpn.DirectoryID, source netip.Addr) (done func(), err error) {
	first, err := t.wait(ctx, turnKey{directory, source.Unmap()}, turnsOfSource, waitingOfSource)
	if err != nil {
		return nil, err
	}
	second, err := t.wait(ctx, turnKey{directory: directory}, turnsOfDirectory, 0)
	if err != nil {
		first()
		return nil, err
	}
	return func() { second(); first() }, nil
}

// wait takes one of the places of a key. most bounds those that wait or have one; 0: no bound.
func (t *turns) wait(ctx context.Context, key turnKey, places, most int) (done func(), err error) {
	t.mu.Lock()
	at := t.of[key]
	if at == nil {
		at = &turn{places: make(chan struct{}, places)}
		t.of[key] = at
	}
	if most > 0 && at.held >= most {
		t.mu.Unlock()
		return nil, errManyLogins
	}
	at.held++
	t.mu.Unlock()
	leave := func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if at.held--; at.held == 0 {
			delete(t.of, key)
		}
	}
	select {
	case at.places <- struct{}{}:
		return func() { <-at.places; leave() }, nil
	case <-ctx.Done():
		leave()
		return nil, ctx.Err()
	}
}
