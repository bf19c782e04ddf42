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
				if i%10 > 0 {
					c.Endpoint = "cvpn-endpoint-b"
				}
				rows[i] = newConnectionRow(c)
			}
			if err := s.writing.WithContext(t.Context()).CreateInBatches(rows, 200).Error; err != nil {
				t.Fatal(err)
			}
			if _, err := s.pools()[0].ExecContext(t.Context(), "ANALYZE"); err != nil {
				t.Fatal(err)
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
				}
			}
		})
	}
}

// checkPlan explains the first query of the connections that read runs.
func checkPlan(t *testing.T, s *Store, what, index string, read func(context.Context, *Tx) error) {
	t.Helper()
	var statement string
	var values []any
	const hook = "test:plan"
	keep := func(g *gorm.DB) {
		if statement == "" && strings.Contains(g.Statement.SQL.String(), "connection") {
			statement, values = g.Statement.SQL.String(), append([]any{}, g.Statement.Vars...)
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
	rows, err := s.pools()[0].QueryContext(t.Context(), explain+statement, values...)
	if err != nil {
		t.Fatalf("%s: %v: %s", what, err, statement)
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
		plan.WriteString(line + "\n")
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(plan.String(), index) || strings.Contains(plan.String(), "Seq Scan on connection") {
		t.Errorf("%s does not use an index %s…:\n%s\n%s", what, index, statement, &plan)
	}
}
