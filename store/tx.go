package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"gorm.io/gorm"
)

// Tx is one transaction of the database; its methods are beside the rows that they read and write.
//
// A missing row is a *vpn.Error of kind NotFound; a broken uniqueness or reference is kind Conflict;
// a full disk is kind Unavailable. Every other error is internal. IDs and texts may be of any length
// and content: what cannot be stored is not found.
type Tx struct {
	db    *gorm.DB
	store *Store
	brief bool // no statement is interrupted
	users readUsers
}

// on is a query. In a change, or a Glance, on SQLite the end of ctx does not interrupt a statement, but ends the transaction
// before the next one: the driver and database/sql would each start a goroutine for each statement, which costs more than many a statement.
func (t *Tx) on(ctx context.Context) *gorm.DB {
	if t.brief && ctx.Err() == nil {
		ctx = context.WithoutCancel(ctx)
	}
	return t.db.WithContext(ctx)
}

// batch is the most rows or IDs of one statement: databases limit the number of parameters, and the
// SQLite driver searches all of them for each one.
const batch = 250

// readOne reads the row of an ID.
func readOne[R any](q *gorm.DB, n noun, column, id string) (R, error) {
	var row R
	if !isStorable(id) { // PostgreSQL would fail; the right answer is that there is no such row
		return row, n.read(errNoRow, strings.ToValidUTF8(strings.ReplaceAll(id, "\x00", ""), ""))
	}
	err := q.Where(column+" = ?", id).Take(&row).Error
	return row, n.read(err, id)
}

func isStorable(s string) bool { return utf8.ValidString(s) && !strings.Contains(s, "\x00") }

// namesOf reads the names of the rows with the given IDs.
func namesOf[ID ~string](q *gorm.DB, n noun, ids []ID) (map[ID]string, error) {
	out := make(map[ID]string, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	var rows []struct {
		ID   string `gorm:"column:id"`
		Name string `gorm:"column:name"`
	}
	err := q.Select("id", "name").Where("id IN ?", idStrings(ids)).Find(&rows).Error
	for _, r := range rows {
		out[ID(r.ID)] = r.Name
	}
	return out, n.read(err, "")
}

// readAll reads every row of a query.
func readAll[R, T any](q *gorm.DB, n noun, to func(R) (T, error)) ([]T, error) {
	var rows []R
	if err := q.Find(&rows).Error; err != nil {
		return nil, n.read(err, "")
	}
	return mapRows(rows, n, to)
}

// readAllOf reads the rows of a query that have one of the IDs in a column.
func readAllOf[R, T any, ID ~string](q *gorm.DB, column string, ids []ID, n noun, to func(R) (T, error)) ([]T, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	q = q.Session(&gorm.Session{})
	var out []T
	for part := range slices.Chunk(idStrings(ids), batch) {
		list, err := readAll(q.Where(column+" IN ?", part), n, to)
		if err != nil {
			return nil, err
		}
		out = append(out, list...)
	}
	return out, nil
}

func mapRows[R, T any](rows []R, n noun, to func(R) (T, error)) ([]T, error) {
	out := make([]T, len(rows))
	for i, row := range rows {
		x, err := to(row)
		if err != nil {
			return nil, fmt.Errorf("read stored %s: %w", n.what, err)
		}
		out[i] = x
	}
	return out, nil
}

// idStrings converts IDs to strings, which the drivers take. What a database cannot store finds nothing.
func idStrings[ID ~string](ids []ID) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = clean(string(id))
	}
	return out
}

// countRows counts a query's rows for each of the IDs in a column; those without any are absent.
func countRows[ID ~string](q *gorm.DB, n noun, column string, ids []ID) (map[ID]int, error) {
	out := make(map[ID]int, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	q = q.Session(&gorm.Session{})
	for part := range slices.Chunk(idStrings(ids), batch) {
		var rows []struct {
			ID    string `gorm:"column:id"`
			Total int64  `gorm:"column:total"`
		}
		if err := q.Select(column+" AS id, COUNT(*) AS total").Where(column+" IN ?", part).Group(column).Find(&rows).Error; err != nil {
			return out, n.read(err, "")
		}
		for _, r := range rows {
			out[ID(r.ID)] = int(r.Total)
		}
	}
	return out, nil
}
