package store

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"gorm.io/gorm"

	"sallyport/vpn"
)

// Each page of the ended connections is read from an index: neither database sorts or reads the table.
func TestEndedConnectionsUseAnIndex(t *testing.T) {
	for name, open := range openers {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			rows := make([]connectionRow, 3000)
			for i := range rows {
				c := newConnection()
				c.Status, c.Username, c.EstablishedAt, c.EndedAt = vpn.ConnectionTerminated, fmt.Sprintf("user%d", i), at, at
				c.ClientIP = benchAddr(i)
				if i%10 > 0 {
					c.Endpoint = "cvpn-endpoint-b"
				}
				rows[i] = newConnectionRow(c)
			}
			if err := s.writing.WithContext(t.Context()).CreateInBatches(rows, 200).Error; err != nil {
				t.Fatal(err)
			}
			for i := range 20 {
				if err := s.writing.WithContext(t.Context()).Create(&nameRow{Name: fmt.Sprintf("user%d", i)}).Error; err != nil {
					t.Fatal(err)
				}
			}
			if s.dialect.name == "postgres" { // it makes statistics by itself; SQLite does not
				if _, err := s.pools()[0].ExecContext(t.Context(), "ANALYZE"); err != nil {
					t.Fatal(err)
				}
			}
			for _, endpoint := range []vpn.EndpointID{"cvpn-endpoint-a", ""} {
				for order, c := range endedList.orders {
					from := endedList.placeOf(connectionRow{Number: 1, Ended: 1, Established: 1, UsernameKey: "a", ClientNumber: 1}, order)
					index := "ended_by_" + strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(c.column, "ed_at"), "_key"), "_number")
					if endpoint == "" {
						index = "all_" + index
					}
					checkPlan(t, s, fmt.Sprintf("%q by %s", endpoint, order), " "+index, func(ctx context.Context, x *Tx) error {
						_, err := x.EndedConnections(ctx, endpoint, vpn.List{Sort: order, After: from})
						return err
					})
					checkPlan(t, s, fmt.Sprintf("first of %q by %s", endpoint, order), " "+index, func(ctx context.Context, x *Tx) error {
						_, err := x.EndedConnections(ctx, endpoint, vpn.List{Sort: order})
						return err
					})
				}
				for term, index := range map[string]string{"user7": "ended_by_username", "10.0.1.": "ended_by_client_ip", "cvpn-connection-0": "connection_id"} {
					checkPlan(t, s, fmt.Sprintf("%q search %s", endpoint, term), index, func(ctx context.Context, x *Tx) error {
						_, err := x.EndedConnections(ctx, endpoint, vpn.List{Search: term})
						return err
					})
				}
			}
		})
	}
}

// checkPlan explains the queries of the connections that read runs: one uses the index, and none reads the table.
func checkPlan(t *testing.T, s *Store, what, index string, read func(context.Context, *Tx) error) {
	t.Helper()
	type query struct {
		statement string
		values    []any
	}
	var queries []query
	const hook = "test:plan"
	keep := func(g *gorm.DB) { // a count reads a bounded number of rows, from wherever it likes
		if statement := g.Statement.SQL.String(); !strings.Contains(statement, "SELECT 1 ") && strings.Contains(strings.ReplaceAll(statement, "`", `"`), `FROM "connection" `) {
			queries = append(queries, query{statement, append([]any{}, g.Statement.Vars...)})
		}
	}
	if err := s.reading.Callback().Query().After("gorm:query").Register(hook, keep); err != nil {
		t.Fatal(err)
	}
	view(t, s, read)
	if err := s.reading.Callback().Query().Remove(hook); err != nil {
		t.Fatal(err)
	}
	explain := "EXPLAIN QUERY PLAN "
	if s.dialect.name == "postgres" {
		explain = "EXPLAIN "
	}
	var plans strings.Builder
	for _, q := range queries {
		plans.WriteString(q.statement + "\n" + planOf(t, s, explain+q.statement, q.values))
	}
	if got := plans.String(); !strings.Contains(got, index) || strings.Contains(got, "Seq Scan on connection ") || strings.Contains(got, "SCAN connection\n") {
		t.Errorf("%s does not use an index %s…:\n%s", what, index, got)
	}
}

func planOf(t *testing.T, s *Store, statement string, values []any) string {
	t.Helper()
	rows, err := s.pools()[0].QueryContext(t.Context(), statement, values...)
	if err != nil {
		t.Fatalf("%v: %s", err, statement)
	}
	defer rows.Close()
	var plan strings.Builder
	for rows.Next() {
		var id, parent, unused int
		var line string
		if s.dialect.name == "postgres" {
			err = rows.Scan(&line)
		} else {
			err = rows.Scan(&id, &parent, &unused, &line)
		}
		if err != nil {
			t.Fatal(err)
		}
		plan.WriteString("    " + line + "\n")
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return plan.String()
}
