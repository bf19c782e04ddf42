package store

import (
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"

	"sallyport/vpn"
)

// noun is the words of errors about one kind of row.
type noun struct {
	what     string   // "network"
	code     vpn.Code // for a missing row
	taken    string   // sentence: another row has the same unique value
	dangling string   // sentence: it refers to a row that does not exist
	used     string   // sentence: other rows refer to it, so it cannot be deleted
}

var errNoRow = gorm.ErrRecordNotFound

// translate makes a *vpn.Error of an error of the database that has a meaning for people. Every other
// error stays internal, with what was attempted.
func translate(err error, n noun, id, reference string) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, gorm.ErrRecordNotFound):
		return vpn.NoSuch(n.code, n.what, id)
	case errors.Is(err, gorm.ErrDuplicatedKey):
		return vpn.Refuse(vpn.Conflict, vpn.CodeIncorrectState, n.taken).Because(err)
	case errors.Is(err, gorm.ErrForeignKeyViolated):
		return vpn.Refuse(vpn.Conflict, vpn.CodeDependencyViolation, reference).Because(err)
	}
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.Code == "22021" {
		return vpn.Refuse(vpn.Invalid, vpn.CodeInvalidParameterValue, "The text has characters that cannot be stored.").Because(err)
	}
	return fmt.Errorf("store %s: %w", n.what, err)
}

func (n noun) read(err error, id string) error { return translate(err, n, id, n.dangling) }

// wrote and deleted are NotFound where no row was changed.
func (n noun) wrote(g *gorm.DB, id string) error   { return n.changed(g, id, n.dangling) }
func (n noun) deleted(g *gorm.DB, id string) error { return n.changed(g, id, n.used) }

func (n noun) changed(g *gorm.DB, id, reference string) error {
	err := g.Error
	if err == nil && g.RowsAffected == 0 {
		err = errNoRow
	}
	return translate(err, n, id, reference)
}
