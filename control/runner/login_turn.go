package runner

import (
	"context"
	"errors"
	"net/netip"

	"sallyport/control/turn"
	"sallyport/vpn"
)

// How many logins a directory is asked about at a time, from one address and in all, and how many of one address wait or
// are asked about: a host that sends many takes no turn from others, and a slow directory none from other directories.
var (
	turnsOfSource    = turn.Limit{Places: 16, Wanted: 256}
	turnsOfDirectory = turn.Limit{Places: 64}
)

var errManyLogins = vpn.Refuse(vpn.Unavailable, vpn.CodeLoginNotDecided, "Too many logins from your address wait to be checked. Your client tries again.")

// turnKey names those that take turns: the logins of one source at a directory, or all of a directory.
type turnKey struct {
	directory vpn.DirectoryID
	source    netip.Addr // invalid: all
}

// takeTurn waits for a login's turn at a directory. done ends it. The error is that of ctx, or Unavailable where too many of
// the source wait.
func (d *decider) takeTurn(ctx context.Context, directory vpn.DirectoryID, source netip.Addr) (done func(), err error) {
	first, err := d.turns.Take(ctx, turnKey{directory, source.Unmap()}, turnsOfSource)
	if errors.Is(err, turn.ErrMany) {
		return nil, errManyLogins
	}
	if err != nil {
		return nil, err
	}
	second, err := d.turns.Take(ctx, turnKey{directory: directory}, turnsOfDirectory)
	if err != nil {
		first()
		return nil, err
	}
	return func() { second(); first() }, nil
}
