package store

import (
	"errors"
	"sync"

	"github.com/glebarez/go-sqlite"
	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"

	"sallyport/vpn"
)

// space keeps whether the database's disk was full at the last write, and since when.
type space struct {
	mu    sync.Mutex // guards fault
	fault vpn.Fault  // without a sentence: there is room
}

const noSpace = "The disk that holds the database is full: nothing can be saved until there is room again."

// Fault tells whether the database's disk is full. The fault ends with the first change that can be
// saved again.
func (s *Store) Fault() (vpn.Fault, bool) {
	s.space.mu.Lock()
	defer s.space.mu.Unlock()
	return s.space.fault, s.space.fault.Message != ""
}

// noteSpace notes whether a change found the disk full, and returns the error for people. A change that
// the reserve made room for does not end the fault.
func (s *Store) noteSpace(err error) error {
	if isOutOfSpace(err) {
		s.noteFull(err)
		return errNoSpace(err)
	}
	if err != nil || s.reserve.isSpent() {
		return err
	}
	s.space.mu.Lock()
	defer s.space.mu.Unlock()
	if s.space.fault.Message != "" {
		s.options.Logger.Info("the database can be written again")
		s.space.fault = vpn.Fault{}
	}
	return nil
}

func (s *Store) noteFull(err error) {
	s.space.mu.Lock()
	defer s.space.mu.Unlock()
	if s.space.fault.Message == "" {
		s.options.Logger.Error("the database cannot be written, its disk is full", "err", err)
		s.space.fault = vpn.Fault{Message: noSpace, Since: s.options.Now().UTC()}
	}
}

func (s *Store) isFull() bool { _, full := s.Fault(); return full }

func errNoSpace(cause error) error {
	return vpn.Refuse(vpn.Unavailable, vpn.CodeInsufficientStorage,
		"Nothing was saved: the disk that holds the database is full. Make room on it and try again.").Because(cause)
}

// probeSpace writes a page where the last write found the disk full: a transaction that changes nothing
// succeeds on a full disk too, and would end the fault.
func (s *Store) probeSpace(g *gorm.DB) error {
	if _, full := s.Fault(); !full || s.dialect.name != "sqlite" {
		return nil
	}
	return g.Exec("PRAGMA user_version = 0").Error // writes the first page; nothing reads the number
}

func isOutOfSpace(err error) bool {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg.Code == "53100" // disk_full
	}
	if lite, ok := errors.AsType[*sqlite.Error](err); ok {
		const full, sharedMemorySize = 13, 10 | 19<<8 // the latter: the -shm file cannot grow
		return lite.Code()&0xff == full || lite.Code() == sharedMemorySize
	}
	return false
}
