package store

import (
	"errors"
	"sync"

	"github.com/glebarez/go-sqlite"
	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"

	"sallyport/vpn"
)

// space remembers that the database's disk was full at the last write, and since when.
type space struct {
	mu    sync.Mutex
	fault vpn.Fault // without a sentence: there is room
}

const noSpace = "The disk that holds the database is full: nothing can be saved until there is room again."

// Fault tells whether the database takes no changes for want of space. It clears itself with the
// first change that is saved again.
func (s *Store) Fault() (vpn.Fault, bool) {
	s.space.mu.Lock()
	defer s.space.mu.Unlock()
	return s.space.fault, s.space.fault.Message != ""
}

// noteSpace takes up how a change ended, and gives the error that says so to a person.
func (s *Store) noteSpace(err error) error {
	full := outOfSpace(err)
	if err != nil && !full {
		return err
	}
	s.space.mu.Lock()
	defer s.space.mu.Unlock()
	switch {
	case !full && s.space.fault.Message != "":
		s.options.Logger.Info("the database can be written again")
		s.space.fault = vpn.Fault{}
	case full && s.space.fault.Message == "":
		s.options.Logger.Error("the database cannot be written, its disk is full", "err", err)
		s.space.fault = vpn.Fault{Message: noSpace, Since: s.options.Now().UTC()}
	}
	if full {
		return vpn.Refuse(vpn.Unavailable, vpn.CodeInsufficientStorage,
			"Nothing was saved: the disk that holds the database is full. Make room on it and try again.").Because(err)
	}
	return nil
}

// probeSpace writes where the last write found no room. A transaction that changes nothing ends
// well on a full disk too, and would call it mended.
func (s *Store) probeSpace(g *gorm.DB) error {
	if _, full := s.Fault(); !full || s.dialect.name != "sqlite" {
		return nil
	}
	return g.Exec("PRAGMA user_version = 0").Error // writes the first page; nothing reads the number
}

func outOfSpace(err error) bool {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg.Code == "53100" // disk_full
	}
	if lite, ok := errors.AsType[*sqlite.Error](err); ok {
		const full, sharedMemorySize = 13, 10 | 19<<8 // the latter: the -shm file cannot grow
		return lite.Code()&0xff == full || lite.Code() == sharedMemorySize
	}
	return false
}
