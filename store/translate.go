package store

import (
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"

	"sallyport/vpn"
)

// noun is how errors speak of a kind of row.
type noun struct {
	what     string   // "network"
	code     vpn.Code // for a missing one, the EC2 API's where it has one
	taken    string   // sentence: another row has what must be unique
	dangling string   // sentence: it refers to something that is not there
	used     string   // sentence: it cannot go because others refer to it
}

var errNoRow = gorm.ErrRecordNotFound

// translate makes a *vpn.Error of what the database refused for a reason that a person can
// understand. Anything else stays internal, with what was attempted.
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

// wrote and deleted also notice that no row was there.
func (n noun) wrote(g *gorm.DB, id string) error   { return n.changed(g, id, n.dangling) }
func (n noun) deleted(g *gorm.DB, id string) error { return n.changed(g, id, n.used) }

func (n noun) changed(g *gorm.DB, id, reference string) error {
	err := g.Error
	if err == nil && g.RowsAffected == 0 {
		err = errNoRow
	}
	return translate(err, n, id, reference)
}
