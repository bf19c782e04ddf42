package store

import (
	"context"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"sallyport/vpn"
)

// many is the number of rows that lists must be fast with.
const many = 100_000

// seed writes rows without the domain, many in one statement.
func seed[R any](b *testing.B, s *Store, row func(i int) R) {
	b.Helper()
	rows := make([]R, 0, many)
	for i := range many {
		rows = append(rows, row(i))
	}
	if err := s.writing.WithContext(b.Context()).CreateInBatches(rows, 500).Error; err != nil {
		b.Fatal(err)
	}
	// The statistics that autovacuum would make a minute later.
	statement := "ANALYZE"
	if s.dialect.name == "postgres" {
		statement = "VACUUM ANALYZE"
	}
	if _, err := s.pools()[0].ExecContext(b.Context(), statement); err != nil {
		b.Fatal(err)
	}
}

func benchAddr(i int) netip.Addr {
	return netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
}

func benchmarkList[T any](b *testing.B, s *Store, lists map[string]vpn.List, read func(context.Context, *Tx, vpn.List) (vpn.Page[T], error)) {
	for name, l := range lists {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				err := s.View(b.Context(), func(x *Tx) error {
					p, err := read(b.Context(), x, l)
					if err == nil && len(p.Items) == 0 && name != "search none" {
						err = fmt.Errorf("empty page of %d rows", p.Total)
					}
					return err
				})
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func everyDatabase(b *testing.B, f func(b *testing.B, s *Store)) {
	for name, open := range openers {
		b.Run(name, func(b *testing.B) { f(b, open(b)) })
	}
}

func BenchmarkConnections(b *testing.B) {
	everyDatabase(b, func(b *testing.B, s *Store) {
		seed(b, s, func(i int) connectionRow {
			c := newConnection()
			c.Username, c.ClientIP, c.EstablishedAt = fmt.Sprintf("user%05d@example.com", i%7000), benchAddr(i), at.Add(time.Duration(i)*time.Second)
			c.EndedAt = c.EstablishedAt
			if c.Status = vpn.ConnectionTerminated; i%1000 == 0 {
				c.Status = vpn.ConnectionActive
			}
			return newConnectionRow(c)
		})
		for i := range 7000 {
			if err := s.writing.WithContext(b.Context()).Create(&nameRow{Name: fmt.Sprintf("user%05d@example.com", i)}).Error; err != nil {
				b.Fatal(err)
			}
		}
		half := func(order string) string {
			return endedList.placeOf(connectionRow{Number: many / 2, Ended: micros(at.Add(many / 2 * time.Second)), UsernameKey: "user03500", ClientNumber: sortNumber(benchAddr(many / 2))}, order)
		}
		benchmarkList(b, s, map[string]vpn.List{
			"first":          {},
			"middle":         {After: half("ended_at")},
			"back":           {Before: half("ended_at")},
			"by user":        {Sort: "username"},
			"by user middle": {Sort: "username", After: half("username")},
			"by address":     {Sort: "client_ip", Desc: true},
			"search few":     {Search: "user00017@"},
			"search all":     {Search: "example"},
			"search address": {Search: "10.1.134."},
			"search none":    {Search: "nothing such"},
		}, func(ctx context.Context, x *Tx, l vpn.List) (vpn.Page[vpn.Connection], error) {
			return x.EndedConnections(ctx, "cvpn-endpoint-a", l)
		})
		benchmarkList(b, s, map[string]vpn.List{"active": {}, "active of a status": {Filter: map[string]string{"status": "active"}}}, func(ctx context.Context, x *Tx, l vpn.List) (vpn.Page[vpn.Connection], error) {
			return x.Connections(ctx, "cvpn-endpoint-a", l)
		})
		b.Run("count live", func(b *testing.B) {
			for b.Loop() {
				if err := s.View(b.Context(), func(x *Tx) error {
					n, err := x.CountLive(b.Context(), "cvpn-endpoint-a")
					if n["cvpn-endpoint-a"] != many/1000 {
						b.Fatalf("count %v", n)
					}
					return err
				}); err != nil {
					b.Fatal(err)
				}
			}
		})
	})
}

func BenchmarkUsers(b *testing.B) {
	everyDatabase(b, func(b *testing.B, s *Store) {
		seed(b, s, func(i int) userRow {
			u := vpn.User{
				ID: vpn.NewUserID(), UserRef: vpn.UserRef{Provider: corp, Key: fmt.Sprintf("guid-%06d", i)}, Name: fmt.Sprintf("user%06d@example.com", i),
				FirstSeen: at, SignedInAt: at.Add(time.Duration(i) * time.Second), Groups: 2, GroupNames: []string{"staff", "engineers"},
			}
			if i%5000 == 0 {
				u.Provider, u.BlockedAt = "", at
			}
			row, err := newUserRow(u)
			if err != nil {
				b.Fatal(err)
			}
			return row
		})
		var groups []groupRow
		for i := range 200 {
			g := newGroupRow(vpn.UserGroup{Key: vpn.NewUserGroupID(), Provider: corp, Group: vpn.Group{ID: fmt.Sprintf("S-1-5-21-%d", i), Name: fmt.Sprintf("group %d", i)}, FirstSeen: at})
			groups = append(groups, g)
		}
		if err := s.writing.WithContext(b.Context()).Create(&groups).Error; err != nil {
			b.Fatal(err)
		}
		seed(b, s, func(i int) memberRow { return memberRow{User: int64(i + 1), Group: groups[0].Number} })
		seed(b, s, func(i int) memberRow { return memberRow{User: int64(i + 1), Group: groups[1+i%199].Number} })
		for i := range 500 {
			c := newConnection()
			c.UserKey, c.Provider, c.EstablishedAt = fmt.Sprintf("guid-%06d", i*7), corp, at
			if err := s.Update(b.Context(), func(x *Tx) error { return x.CreateConnection(b.Context(), c) }); err != nil {
				b.Fatal(err)
			}
		}
		middle := userList.placeOf(userRow{Number: many / 2, SignedIn: micros(at.Add(many / 2 * time.Second)), NameKey: "user050000"}, "signed_in_at")
		filter := func(name, value string) vpn.List { return vpn.List{Filter: map[string]string{name: value}} }
		benchmarkList(b, s, map[string]vpn.List{
			"first":        {},
			"middle":       {After: middle},
			"by name":      {Sort: "name"},
			"by refusal":   {Sort: "refused_at", Desc: true},
			"search few":   {Search: "user00017"},
			"search all":   {Search: "example"},
			"search none":  {Search: "nothing such"},
			"of everyone":  filter("group", groups[0].ID),
			"of one group": filter("group", groups[7].ID),
			"blocked":      filter("state", vpn.UserBlocked),
			"connected":    filter("state", vpn.UserConnected),
			"few provider": filter("provider", vpn.UsersOfCertificates),
			"provider":     filter("provider", string(corp)),
		}, func(ctx context.Context, x *Tx, l vpn.List) (vpn.Page[vpn.User], error) {
			p, err := x.VPNUsers(ctx, l)
			if err != nil {
				return p, err
			}
			refs := make([]vpn.UserRef, len(p.Items))
			for i, u := range p.Items {
				refs[i] = u.UserRef
			}
			_, err = x.CountConnectionsOf(ctx, refs...)
			return p, err
		})
		benchmarkList(b, s, map[string]vpn.List{"groups": {}, "search groups": {Search: "21-19"}}, func(ctx context.Context, x *Tx, l vpn.List) (vpn.Page[vpn.UserGroup], error) {
			return x.VPNGroups(ctx, l)
		})
		b.Run("login", func(b *testing.B) {
			seen := vpn.Sighting{UserRef: vpn.UserRef{Provider: corp, Key: "guid-000007"}, Name: "user", At: at}
			for i := range 200 {
				seen.Groups = append(seen.Groups, vpn.Group{ID: fmt.Sprintf("S-1-5-21-%d", i), Name: fmt.Sprintf("group %d", i)})
			}
			for b.Loop() {
				if err := s.Update(b.Context(), func(x *Tx) error { return x.SeeUser(b.Context(), seen) }); err != nil {
					b.Fatal(err)
				}
			}
		})
	})
}

func BenchmarkRules(b *testing.B) {
	everyDatabase(b, func(b *testing.B, s *Store) {
		f := newFixture()
		if err := s.Update(b.Context(), func(x *Tx) error { return f.store(b.Context(), x) }); err != nil {
			b.Fatal(err)
		}
		seed(b, s, func(i int) ruleRow {
			return newRuleRow(vpn.Rule{
				ID: vpn.NewRuleID(), Endpoint: f.endpoint.ID, Destination: netip.PrefixFrom(benchAddr(i), 32), Group: fmt.Sprintf("group-%d", i%50),
				Description: "Rule of the benchmark", CreatedAt: at.Add(time.Duration(i) * time.Second),
			})
		})
		benchmarkList(b, s, map[string]vpn.List{
			"first":    {},
			"deep":     {Page: many / vpn.DefaultPageSize},
			"by group": {Sort: "group"},
			"search":   {Search: "10.1.134."},
		}, func(ctx context.Context, x *Tx, l vpn.List) (vpn.Page[vpn.Rule], error) {
			return x.Rules(ctx, f.endpoint.ID, l)
		})
	})
}

func BenchmarkAudit(b *testing.B) {
	everyDatabase(b, func(b *testing.B, s *Store) {
		seed(b, s, func(i int) auditRow {
			actor, action, subject := fmt.Sprintf("admin%d", i%20), []string{"Create", "Modify", "Delete"}[i%3], fmt.Sprintf("cvpn-endpoint-%d", i%100)
			return auditRow{
				At: micros(at.Add(time.Duration(i) * time.Second)), Actor: actor, Action: action, Subject: subject, Result: "ok",
				Before: `{"name":"before","description":"some text that makes the row as long as usual"}`, After: `{"name":"after"}`,
				Search: searchable(actor, action, subject, "ok"),
			}
		})
		benchmarkList(b, s, map[string]vpn.List{
			"first":      {},
			"deep":       {Page: many / vpn.DefaultPageSize},
			"by actor":   {Filter: map[string]string{"actor": "admin7"}},
			"by subject": {Filter: map[string]string{"subject": "cvpn-endpoint-42"}},
			"search":     {Search: "ADMIN17"},
		}, func(ctx context.Context, x *Tx, l vpn.List) (vpn.Page[vpn.AuditRecord], error) {
			return x.AuditRecords(ctx, l)
		})
	})
}

// BenchmarkSaveCounters is one flush of all connections of a large endpoint.
func BenchmarkSaveCounters(b *testing.B) {
	everyDatabase(b, func(b *testing.B, s *Store) {
		counters := map[vpn.ConnectionID]vpn.Counters{}
		seed(b, s, func(i int) connectionRow {
			c := newConnection()
			if i < 7000 {
				counters[c.ID] = vpn.Counters{BytesIn: uint64(i), PacketsIn: 1, BytesOut: 2, PacketsOut: 3}
			} else {
				c.Status = vpn.ConnectionTerminated
			}
			return newConnectionRow(c)
		})
		n := 0
		for b.Loop() {
			n++
			err := s.Update(b.Context(), func(x *Tx) error {
				return x.SaveCounters(b.Context(), counters, at.Add(time.Duration(n)*time.Minute))
			})
			if err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkLogin is what a login and the event that follows write.
func BenchmarkLogin(b *testing.B) {
	everyDatabase(b, func(b *testing.B, s *Store) {
		for b.Loop() {
			c := newConnection()
			for _, f := range []func(context.Context, vpn.Connection) error{
				func(ctx context.Context, c vpn.Connection) error {
					return s.Update(ctx, func(x *Tx) error { return x.CreateConnection(ctx, c) })
				},
				func(ctx context.Context, c vpn.Connection) error {
					return s.Update(ctx, func(x *Tx) error { return x.SaveConnection(ctx, c) })
				},
			} {
				if err := f(b.Context(), c); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}
