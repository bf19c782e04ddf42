package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// Options are the settings of a store besides its database.
type Options struct {
	// Sealer encrypts private keys and shared secrets. Without one, reading or writing them is an
	// error and everything else works, which is enough to migrate.
	Sealer Sealer
	// Logger logs migrations and transactions that ran again; nil: nothing is logged. Values of rows
	// are never logged.
	Logger *slog.Logger
	// Now is the clock; nil: the system's. It dates grants of connections and the fault of a full disk;
	// all other times come from the caller.
	Now func() time.Time
	// MaxPages is the most pages that an SQLite file may have; 0: only the disk limits it.
	MaxPages int
	// Connections is the most connections to a PostgreSQL server; 0: 16.
	Connections int
	// Queries counts the statements that read rows; nil: they are not counted.
	Queries *atomic.Int64
}

// Store is an open database.
type Store struct {
	dialect dialect
	reading *gorm.DB
	writing *gorm.DB // the same as reading on PostgreSQL
	options Options
	space   space
	reserve reserve

	turn     chan struct{} // holds a value while a transaction writes; nil on PostgreSQL, which has many writers
	viewing  contention
	updating contention
}

// dialect is what differs between the databases.
type dialect struct {
	name      string
	update    *sql.TxOptions
	view      *sql.TxOptions
	directory string // of the SQLite file
	elements  string // reads a parameter, a JSON array, as rows e of one column, value
}

// Open opens the database that dsn names: "postgres://…" (or "postgresql://…", or libpq's
// "host=… dbname=…") for PostgreSQL, otherwise the path of an SQLite file, with or without
// "sqlite:" before it, which is made with mode 0600 if it is missing. The schema is not touched:
// call Migrate.
func Open(ctx context.Context, dsn string, options Options) (*Store, error) {
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.Logger == nil {
		options.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Store{options: options}
	open := s.openSQLite
	if isPostgres(dsn) {
		open = s.openPostgres
	}
	err := open(ctx, dsn)
	if err == nil {
		err = s.Ping(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, s.countQueries()
}

// countQueries counts what gorm reads, for tests of how many statements a page takes.
func (s *Store) countQueries() error {
	if s.options.Queries == nil {
		return nil
	}
	count := func(*gorm.DB) { s.options.Queries.Add(1) }
	var errs []error
	for _, db := range []*gorm.DB{s.reading, s.writing} {
		errs = append(errs, db.Callback().Query().Before("gorm:query").Register("count", count), db.Callback().Row().Before("gorm:row").Register("count", count))
		if s.reading == s.writing {
			break
		}
	}
	return errors.Join(errs...)
}

func openGORM(d gorm.Dialector) (*gorm.DB, error) {
	db, err := gorm.Open(d, &gorm.Config{
		Logger:                 logger.Discard, // it would print values
		TranslateError:         true,
		SkipDefaultTransaction: true, // everything runs in View or Update
		DisableAutomaticPing:   true, // Ping has the caller's context
	})
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	return db, nil
}

// Ping tells whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	for _, db := range s.pools() {
		if err := db.PingContext(ctx); err != nil {
			return fmt.Errorf("reach database: %w", err)
		}
	}
	return nil
}

// Close ends every connection to the database.
func (s *Store) Close() error {
	var errs []error
	for _, db := range s.pools() {
		errs = append(errs, db.Close())
	}
	return errors.Join(errs...)
}

func (s *Store) pools() []*sql.DB {
	var pools []*sql.DB
	for _, g := range []*gorm.DB{s.writing, s.reading} {
		if g == nil {
			continue
		}
		if db, ok := g.ConnPool.(*sql.DB); ok && (len(pools) == 0 || pools[0] != db) {
			pools = append(pools, db)
		}
	}
	return pools
}

// View runs reads on one snapshot of the data. Writing in it is an error. The function may run again
// after a serialization failure, so it must not act outside the transaction. Where the database is locked
// or does not answer, the error is of kind Unavailable.
func (s *Store) View(ctx context.Context, f func(*Tx) error) error { return s.view(ctx, false, f) }

// Glance is View for a few short reads: on SQLite the end of ctx interrupts none of them (see Tx.on).
func (s *Store) Glance(ctx context.Context, f func(*Tx) error) error {
	return s.view(ctx, s.dialect.name == "sqlite", f)
}

func (s *Store) view(ctx context.Context, brief bool, f func(*Tx) error) error {
	return s.retry(ctx, &s.viewing, func() error {
		return s.reading.WithContext(ctx).Transaction(func(g *gorm.DB) error {
			if err := s.limitLockWait(g); err != nil {
				return err
			}
			return f(&Tx{db: g, store: s, brief: brief})
		}, s.dialect.view)
	})
}

// Update runs f in one serializable transaction, which is committed when f returns nil and rolled
// back otherwise. f may run again after a serialization failure, so it must not act outside the
// transaction. On a full disk, or where the database is locked or does not answer, the error is of kind
// Unavailable and nothing has changed.
//
// On a full disk an Urgent change uses the reserve that is kept for it.
func (s *Store) Update(ctx context.Context, f func(*Tx) error) error {
	done, err := s.writerTurn(ctx)
	if err != nil {
		return err
	}
	defer done()
	urgent := isUrgent(ctx)
	if !urgent && s.reserve.isSpent() && s.isFull() {
		return errNoSpace(nil)
	}
	err = s.update(ctx, f)
	if isOutOfSpace(err) && urgent && s.reserve.giveUp() {
		s.noteFull(err)
		s.options.Logger.Warn("the space that is reserved for urgent changes is in use", "file", s.reserve.path)
		err = s.update(ctx, f)
	}
	return s.noteSpace(err)
}

func (s *Store) update(ctx context.Context, f func(*Tx) error) error {
	return s.retry(ctx, &s.updating, func() error {
		return s.writing.WithContext(ctx).Transaction(func(g *gorm.DB) error {
			if err := s.limitLockWait(g); err != nil {
				return err
			}
			if err := f(&Tx{db: g, store: s, brief: s.dialect.name == "sqlite"}); err != nil {
				return err
			}
			return s.probeSpace(g)
		}, s.dialect.update)
	})
}

// limitLockWait bounds how long PostgreSQL waits for a lock in this transaction. It is no setting of the
// connection: a connection pooler would hand that on to its other clients.
func (s *Store) limitLockWait(g *gorm.DB) error {
	if s.dialect.name != "postgres" {
		return nil
	}
	return g.Exec("SET LOCAL lock_timeout = '" + postgresLockWait + "'").Error
}
