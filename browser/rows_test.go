package browser

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	_ "github.com/glebarez/go-sqlite" // the program's database driver
)

// rowPattern says how the rows of a table are multiplied. Each column that must differ is an SQL
// expression of n, which counts from 1; the other columns are copied from a row that the console wrote.
type rowPattern struct {
	table   string
	columns map[string]string
	pattern string // where the copied row comes from; empty: any row of the table
}

// id makes identifiers of the form that the program uses.
func id(prefix string) string { return "printf('" + prefix + "-%017x', n)" }

func rowPatterns() []rowPattern {
	const cidr = "printf('10.%d.%d.%d/27', 1 + n / 2048, n / 8 % 256, n % 8 * 32)"
	return []rowPattern{
		{"network", map[string]string{"id": id("vpc"), "name": "'network ' || n", "name_key": "'network ' || n", "search": "'network ' || n"}, ""},
		{"subnet", map[string]string{"id": id("subnet"), "name": "'subnet ' || n", "name_key": "'subnet ' || n", "cidr": cidr, "cidr_first": "167772160 + 524288 + n * 32", "cidr_bits": "27", "zone": "'zone-' || char(97 + n % 26)", "search": "'subnet ' || n"}, ""},
		{"certificate", map[string]string{"id": id("cert"), "use": "'client'", "name": "'user' || n || '@example.com'", "name_key": "'user' || n || '@example.com'", "common_name": "'user' || n || '@example.com'", "common_name_key": "'user' || n || '@example.com'", "fingerprint": "'fingerprint-' || n", "not_after": "not_after - n * 86400000000", "search": "'user' || n"}, "certificate WHERE use = 'client'"},
		{"endpoint", map[string]string{"id": id("cvpn-endpoint"), "name": "'endpoint ' || n", "name_key": "'endpoint ' || n", "client_cidr": "printf('10.%d.%d.0/22', 130 + n / 64, n % 64 * 4)", "client_cidr_first": "167772160 + (130 + n / 64) * 65536 + n % 64 * 1024", "port": "2000 + n", "search": "'endpoint ' || n"}, ""},
		{"rule", map[string]string{"id": id("rule"), "destination": cidr, "destination_first": "167772160 + 65536 + n * 32", "destination_bits": "27", "description": "CASE n % 3 WHEN 0 THEN '' ELSE 'Access to the servers of team ' || n END", "search": "''"}, ""},
		{"route", map[string]string{"id": id("route"), "destination": "printf('172.%d.%d.%d/27', 16 + n / 2048, n / 8 % 256, n % 8 * 32)", "destination_first": "2886729728 + n * 32", "destination_bits": "27", "search": "''"}, "route WHERE origin = 'add-route'"},
		{"connection", map[string]string{"number": "1000 + n", "id": id("cvpn-connection"), "status": "CASE WHEN n > 960 OR n < 40 THEN CASE n % 9 WHEN 5 THEN 'away' ELSE 'active' END ELSE 'terminated' END", "username": "'user' || (n % 300) || '@example.com'", "username_key": "'user' || (n % 300) || '@example.com'", "client_ip": "printf('10.128.%d.%d', n / 250, 2 + n % 250)", "client_ip_number": "176160768 + n", "device": "printf('203.0.113.%d:%d', 254 - n % 154, 20000 + n)", "established_at": "established_at - n * 60000000", "away_at": "CASE WHEN (n > 960 OR n < 40) AND n % 9 = 5 THEN established_at ELSE 0 END", "ended_at": "CASE WHEN n > 960 OR n < 40 THEN 0 ELSE established_at - n * 30000000 END", "end_reason": "CASE WHEN n > 960 OR n < 40 THEN '' WHEN n % 9 = 0 THEN 'terminated by admin' ELSE 'the client disconnected' END", "search": "''"}, ""},
		{"connection_counter", map[string]string{"number": "1000 + n", "bytes_in": "n * n * 7919", "packets_in": "n * n * 11", "bytes_out": "n * n * 104729", "packets_out": "n * n * 90"},
			"(SELECT established_at AS counted_at FROM connection)"}, // the console writes counters once a minute
		{"attempt", map[string]string{"number": "1000 + n", "device": "printf('198.51.100.%d:%d', n % 254 + 1, 30000 + n)", "common_name": "'visitor ' || n", "at": "at - n * 1000000", "source": "printf('198.51.100.%d', n % 254 + 1)", "attempts": "1 + n % 3 * 400", "reference": "printf('k%05d', n)", "first_at": "at - n * 2000000"},
			"(SELECT endpoint_id, 'The certificate was issued by another authority than this endpoint asks for.' AS reason, 'WrongAuthority' AS code, established_at AS at, 0 AS number, '' AS device, '' AS common_name, '' AS username, '' AS source, 0 AS unauthenticated, '' AS user_provider, '' AS user_key, 0 AS portal, 1 AS attempts, established_at AS first_at FROM connection)"},
		{"vpn_user", map[string]string{"number": "1000 + n", "id": id("user"), "user_key": "'guid-' || n", "name": "'user' || n || '@corp.example.com'", "name_key": "'user' || n || '@corp.example.com'", "signed_in_at": "first_seen_at - n * 60000000",
			"refused_at": "CASE n % 4 WHEN 0 THEN first_seen_at - n * 1000000 ELSE 0 END", "refused_code": "CASE n % 4 WHEN 0 THEN 'UserPasswordMustChange' ELSE '' END", "blocked_at": "CASE n % 9 WHEN 0 THEN first_seen_at ELSE 0 END"},
			`(SELECT 'd-0123456789' AS provider, established_at AS first_seen_at, 5 AS group_count, '["Engineering","Domain Users","VPN access for contractors"]' AS group_names, '' AS groups_digest, 0 AS more_groups,
				'' AS refused_reason, '' AS refused_by, 'admin' AS blocked_by, '' AS block_reason FROM connection)`},
		{"vpn_group", map[string]string{"number": "1000 + n", "id": id("group"), "group_id": "'S-1-5-21-3623811015-3361044348-30300820-' || n", "name": "'Team ' || n", "name_key": "'team ' || n", "search": "'team ' || n"},
			"(SELECT 'd-0123456789' AS provider, established_at AS first_seen_at FROM connection)"},
		{"vpn_user_group", map[string]string{"user_number": "1000 + n", "group_number": "1001"}, "(SELECT 1)"},
		{"administrator", map[string]string{"id": id("admin"), "username": "'admin' || n", "role": "CASE n % 3 WHEN 0 THEN 'administrator' ELSE 'read-only' END", "last_sign_in": "0", "disabled": "n % 7 = 0", "search": "'admin' || n"}, ""},
	}
}

// multiplyRows adds rows to each table of a stopped gateway's database, up to the given number.
func (s *site) multiplyRows(t testing.TB, from, to int) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(s.Dir, "data", "sallyport.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, c := range rowPatterns() {
		columns := tableColumns(t, db, c.table)
		values := slices.Clone(columns)
		for i, name := range columns {
			if expression, ok := c.columns[name]; ok {
				values[i] = expression
			}
		}
		for name := range c.columns {
			if !slices.Contains(columns, name) {
				t.Errorf("the table %s has no column %s", c.table, name)
			}
		}
		// The aliases tell the counter from a column of the same name.
		pattern := c.pattern
		if pattern == "" {
			pattern = c.table
		}
		query := fmt.Sprintf(`WITH RECURSIVE counter (n) AS (SELECT CAST(%[5]d AS INTEGER) UNION ALL SELECT n + 1 FROM counter WHERE n < %[6]d),
			pattern AS (SELECT * FROM %[4]s LIMIT 1)
			INSERT INTO %[1]s (%[2]s) SELECT %[3]s FROM pattern, counter`, c.table, strings.Join(columns, ", "), strings.Join(values, ", "), pattern, from+1, to)
		result, err := db.ExecContext(t.Context(), query)
		if err != nil {
			t.Fatalf("more rows of %s: %v", c.table, err)
		}
		if n, _ := result.RowsAffected(); int(n) != to-from {
			t.Fatalf("%d more rows of %s: the table was empty", n, c.table)
		}
	}
}

func tableColumns(t testing.TB, db *sql.DB, table string) []string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), "SELECT name FROM pragma_table_info(?)", table)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		out = append(out, name)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}
