package dataplane

import (
	"context"
	"os"

	"sallyport/dataplane/nft"
)

// findMarks decides which bits accepted packets get: without those that the owned tables of earlier
// processes ask for, clients of workers that still run would lose every packet.
func (f *filter) findMarks(ctx context.Context) {
	marks, err := nft.OwnedMarks(nft.DefaultName)
	if err != nil {
		f.log.ErrorContext(ctx, "owned packet filter tables of earlier processes cannot be listed", "err", errorChain(err))
	}
	f.writing.Lock()
	defer f.writing.Unlock()
	f.marks = marks | f.mark
}

// openOwned creates the owned table, once, when the table in the kernel marks what it accepts.
// f.writing is held.
func (f *filter) openOwned(ctx context.Context) {
	if f.owned != nil || f.mark == 0 {
		return
	}
	owned, err := nft.OpenOwnedTable(nft.DefaultName, f.mark)
	if err != nil {
		if f.faults.Set(faultOwned, "", adminMessage(err), f.now()) {
			f.log.WarnContext(ctx, "there is no owned packet filter table", "err", errorChain(err))
		}
		return
	}
	f.owned = owned
	f.faults.Set(faultOwned, "", "", f.now())
}

// ownedSocket is what each worker inherits, so that the owned table outlives a crash of this
// process; nil where there is no owned table.
func (f *filter) ownedSocket() *os.File {
	f.writing.Lock()
	defer f.writing.Unlock()
	if f.owned == nil {
		return nil
	}
	return f.owned.File()
}

func (f *filter) closeOwned() error {
	f.writing.Lock()
	defer f.writing.Unlock()
	if f.owned == nil {
		return nil
	}
	err := f.owned.Close()
	f.owned = nil
	return err
}
