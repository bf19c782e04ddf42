package dataplane

import (
	"context"
	"os"

	"sallyport/dataplane/nft"
)

// faultOwned is the check whether the kernel keeps the owned table; its subject is the host.
const faultOwned = "owned"

// findMarks decides which bits accepted packets get: without those that the owned tables of earlier
// processes ask for, clients of workers that still run would lose every packet.
func (e *Engine) findMarks(ctx context.Context) {
	marks, err := nft.OwnedMarks(nft.DefaultName)
	if err != nil {
		e.log.ErrorContext(ctx, "owned packet filter tables of earlier processes cannot be listed", "err", errorChain(err))
	}
	e.rulesMu.Lock()
	defer e.rulesMu.Unlock()
	e.marks = marks | e.cfg.PacketMark
}

// openOwned creates the owned table, once, when the table in the kernel marks what it accepts.
// e.rulesMu is held.
func (e *Engine) openOwned(ctx context.Context) {
	if e.owned != nil || e.cfg.PacketMark == 0 {
		return
	}
	owned, err := nft.OpenOwnedTable(nft.DefaultName, e.cfg.PacketMark)
	if err != nil {
		if e.faults.Set(faultOwned, "", adminMessage(err), e.now()) {
			e.log.WarnContext(ctx, "there is no owned packet filter table", "err", errorChain(err))
		}
		return
	}
	e.owned = owned
	e.faults.Set(faultOwned, "", "", e.now())
}

// ownedSocket is what each worker inherits, so that the owned table outlives a crash of this
// process; nil where there is no owned table.
func (e *Engine) ownedSocket() *os.File {
	e.rulesMu.Lock()
	defer e.rulesMu.Unlock()
	if e.owned == nil {
		return nil
	}
	return e.owned.File()
}

func (e *Engine) closeOwned() error {
	e.rulesMu.Lock()
	defer e.rulesMu.Unlock()
	if e.owned == nil {
		return nil
	}
	err := e.owned.Close()
	e.owned = nil
	return err
}
