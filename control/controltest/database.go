package controltest

import (
	"fmt"
	"slices"
	"strings"

	"sallyport/store"
	"sallyport/vpn"
)

// Rows is every row of every table but the named ones, as text.
func (k *Kit) Rows(but ...string) string {
	k.T.Helper()
	var out strings.Builder
	for _, table := range k.Query("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'goose%' ORDER BY name") {
		if slices.Contains(but, table) {
			continue
		}
		for _, row := range k.Query("SELECT * FROM " + table + " ORDER BY rowid") {
			out.WriteString(table + ": " + row + "\n")
		}
	}
	return out.String()
}

// Query runs a statement on the file and gives its rows as text.
func (k *Kit) Query(statement string) []string {
	k.T.Helper()
	rows, err := k.Raw.QueryContext(k.T.Context(), statement)
	k.Must(err)
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	k.Must(err)
	var out []string
	for rows.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		k.Must(rows.Scan(into...))
		words := make([]string, len(values))
		for i, v := range values {
			if b, ok := v.([]byte); ok {
				v = fmt.Sprintf("%x", b)
			}
			words[i] = fmt.Sprint(v)
		}
		out = append(out, strings.Join(words, " | "))
	}
	k.Must(rows.Err())
	return out
}

// Exec runs a statement on the file.
func (k *Kit) Exec(statement string) {
	k.T.Helper()
	_, err := k.Raw.ExecContext(k.T.Context(), statement)
	k.Must(err)
}

// WithoutAudit runs f while no audit record can be written.
func (k *Kit) WithoutAudit(f func()) {
	k.T.Helper()
	k.Exec("CREATE TRIGGER audit_broken BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'the audit trail is broken'); END")
	defer k.Exec("DROP TRIGGER audit_broken")
	f()
}

// FullDisk opens the database once more, so that it cannot grow: every write to a session needs more
// room than there is.
func (k *Kit) FullDisk() *store.Store {
	k.T.Helper()
	k.Exec("CREATE TABLE ballast (bytes BLOB)")
	k.Exec("CREATE TRIGGER session_touched AFTER UPDATE ON session BEGIN INSERT INTO ballast VALUES (zeroblob(1000000)); END")
	k.Exec("CREATE TRIGGER session_created AFTER INSERT ON session BEGIN INSERT INTO ballast VALUES (zeroblob(1000000)); END")
	s, err := store.Open(k.T.Context(), k.Path, store.Options{Now: k.Clock.Now, MaxPages: 1}) // no more than it has
	k.Must(err)
	k.T.Cleanup(func() { _ = s.Close() })
	return s
}

// Audit gives the audit records, oldest first.
func (k *Kit) Audit() []vpn.AuditRecord {
	k.T.Helper()
	var page vpn.Page[vpn.AuditRecord]
	k.Must(k.Store.View(k.T.Context(), func(tx *store.Tx) (err error) {
		page, err = tx.AuditRecords(k.T.Context(), vpn.List{Size: vpn.MaxPageSize})
		return err
	}))
	slices.Reverse(page.Items)
	return page.Items
}

// LastAudit gives the newest audit record.
func (k *Kit) LastAudit() vpn.AuditRecord {
	k.T.Helper()
	all := k.Audit()
	if len(all) == 0 {
		k.T.Fatal("there is no audit record")
	}
	return all[len(all)-1]
}
