package store

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/migrations"
	"sallyport/vpn"
)

// unmigrated opens an empty database without a schema.
var unmigrated = map[string]opener{
	"sqlite":   func(tb testing.TB) *Store { return openAt(tb, filepath.Join(tb.TempDir(), "x.db")) },
	"postgres": func(tb testing.TB) *Store { return openAt(tb, server.database(tb)) },
}

// stopAt applies the steps up to and including number n.
func stopAt(t *testing.T, s *Store, n int64) {
	t.Helper()
	p, err := s.provider()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.UpTo(t.Context(), n); err != nil {
		t.Fatalf("up to %d: %v", n, err)
	}
}

// stopBelow reverts the steps from number n on.
func stopBelow(t *testing.T, s *Store, n int64) {
	t.Helper()
	p, err := s.provider()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.DownTo(t.Context(), n-1); err != nil {
		t.Fatalf("down below %d: %v", n, err)
	}
}

func TestBothDialectsHaveTheSameSteps(t *testing.T) {
	list := func(steps fs.FS) []string {
		found, err := fs.Glob(steps, "*.sql")
		if err != nil || len(found) == 0 {
			t.Fatalf("no steps: %v", err)
		}
		return found
	}
	if a, b := list(migrations.SQLite()), list(migrations.Postgres()); !slices.Equal(a, b) {
		t.Errorf("sqlite has %v, postgres %v", a, b)
	}
}

// kinds makes the dialects' types comparable.
var kinds = map[string]string{
	"INTEGER": "number", "bigint": "number", "boolean": "number", "TEXT": "text", "text": "text", "BLOB": "bytes", "bytea": "bytes",
}

func columns(t *testing.T, s *Store) []string {
	t.Helper()
	query := `SELECT m.name, c.name, c.type, c."notnull" = 0 FROM sqlite_master m, pragma_table_info(m.name) c
		WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name NOT LIKE 'goose_%'`
	if s.dialect.name == "postgres" {
		query = `SELECT table_name, column_name, data_type, is_nullable = 'YES' FROM information_schema.columns
			WHERE table_schema = 'public' AND table_name NOT LIKE 'goose_%'`
	}
	return rowsOf(t, s, query, func(scan func(...any) error) (string, error) {
		var table, column, kind string
		var null bool
		err := scan(&table, &column, &kind, &null)
		if kinds[kind] == "" {
			t.Errorf("%s.%s has the unexpected type %s", table, column, kind)
		}
		line := table + "." + column + " " + kinds[kind]
		if null {
			line += " or null"
		}
		return line, err
	})
}

func indexes(t *testing.T, s *Store) []string {
	t.Helper()
	query := `SELECT name FROM sqlite_master WHERE type = 'index' AND name NOT LIKE 'sqlite_%'`
	if s.dialect.name == "postgres" {
		query = `SELECT indexname FROM pg_indexes WHERE schemaname = 'public' AND indexname NOT LIKE '%_pkey'`
	}
	return rowsOf(t, s, query, func(scan func(...any) error) (name string, err error) { return name, scan(&name) })
}

func rowsOf(t *testing.T, s *Store, query string, read func(scan func(...any) error) (string, error)) []string {
	t.Helper()
	rows, err := s.pools()[0].QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var out []string
	for rows.Next() {
		line, err := read(rows.Scan)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, line)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	slices.Sort(out)
	return out
}

func TestBothDialectsHaveTheSameSchema(t *testing.T) {
	lite, pg := openTestSQLite(t), openTestPostgres(t)
	for what, list := range map[string]func(*testing.T, *Store) []string{"columns": columns, "indexes": indexes} {
		a, b := list(t, lite), list(t, pg)
		if len(a) == 0 || !slices.Equal(a, b) {
			t.Errorf("%s differ:\nsqlite   %s\npostgres %s", what, strings.Join(a, "\n         "), strings.Join(b, "\n         "))
		}
	}
}

func TestMigrateAgainChangesNothing(t *testing.T) {
	for name, open := range openers {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			f, before := stored(t, s), columns(t, s)
			for range 2 {
				migrated(t, s)
			}
			same(t, "schema", columns(t, s), before)
			view(t, s, func(ctx context.Context, x *Tx) error {
				_, err := x.Endpoint(ctx, f.endpoint.ID)
				return err
			})
		})
	}
}

// createOldNetwork writes a network as the program did before step 55, without a description.
func createOldNetwork(ctx context.Context, x *Tx, n vpn.Network) error {
	row, err := newNetworkRow(n)
	if err != nil {
		return err
	}
	return x.on(ctx).Table("network").Create(map[string]any{
		"id": row.ID, "name": row.Name, "name_key": fold(row.Name), "cidrs": row.CIDRs, "tags": row.Tags, "created_at": row.Created,
		"version": row.Version, "search": row.Search,
	}).Error
}

// createOldEndpoint writes an endpoint as the program did before step 17, with its options in columns.
func createOldEndpoint(ctx context.Context, x *Tx, e vpn.Endpoint) error {
	row, err := x.store.newEndpointRow(e)
	if err != nil {
		return err
	}
	return x.on(ctx).Table("endpoint").Create(map[string]any{
		"id": row.ID, "name": row.Name, "name_key": fold(row.Name), "description": row.Description,
		"client_cidr": row.ClientCIDR, "client_cidr_first": row.ClientFirst, "client_cidr_bits": row.ClientBits,
		"listen_addr": row.ListenAddr, "transport": row.Transport, "port": row.Port,
		"certificate_id": row.Certificate, "client_ca_id": row.ClientCA, "network_id": row.Network, "tags": row.Tags,
		"split_tunnel": e.SplitTunnel, "source_nat": e.SourceNAT, "session_timeout": int64(e.SessionTimeout),
		"generation": row.Generation, "deleting": row.Deleting, "created_at": row.Created, "version": row.Version,
		"search": row.Search, "tls_crypt": row.TLSCrypt, "token_secret": row.TokenSecret,
	}).Error
}

func TestOldRowsSurviveLaterMigrations(t *testing.T) {
	const network, endpoint = 1, 4
	for name, open := range unmigrated {
		t.Run(name, func(t *testing.T) {
			s, f := open(t), newFixture()
			f.endpoint.NetworkChosen, f.endpoint.Directory, f.endpoint.SAML, f.endpoint.PortalSAML, f.endpoint.SelfServicePortal, f.endpoint.SecondCA = false, "", "", "", false, "" // their columns came later
			f.network.Description = ""
			f.endpoint.ClientOptions = vpn.ClientOptions{SplitTunnel: true, SessionTimeout: 8 * time.Hour}
			f.endpoint.PushGeneration = 0
			second := f.endpoint
			second.ID, second.ClientCIDR, second.Listen.Port = vpn.NewEndpointID(), prefix("100.64.0.0/16"), 443
			second.ClientOptions = vpn.ClientOptions{SourceNAT: true, SessionTimeout: vpn.DefaultSessionTimeout}
			stopAt(t, s, network)
			update(t, s, func(ctx context.Context, x *Tx) error { return createOldNetwork(ctx, x, f.network) })
			stopAt(t, s, endpoint)
			update(t, s, func(ctx context.Context, x *Tx) error {
				if err := x.CreateCertificate(ctx, f.authority, ""); err != nil {
					return err
				}
				if err := x.CreateCertificate(ctx, f.server, "private key"); err != nil {
					return err
				}
				return errors.Join(createOldEndpoint(ctx, x, f.endpoint), createOldEndpoint(ctx, x, second))
			})
			migrated(t, s)
			view(t, s, func(ctx context.Context, x *Tx) error {
				n, err := x.Network(ctx, f.network.ID)
				if err != nil {
					return err
				}
				same(t, "network", n, f.network)
				e, err := x.Endpoint(ctx, f.endpoint.ID)
				same(t, "endpoint", e, f.endpoint)
				if err != nil {
					return err
				}
				e, err = x.Endpoint(ctx, second.ID)
				same(t, "second endpoint", e, second)
				return err
			})
		})
	}
}

// A number at the end of a name is sorted by its value, also in rows that were written before.
func TestNamesAreOrderedByNumber(t *testing.T) {
	want := []string{"alpha", "alpha-2", "alpha-3", "Alpha-007", "alpha-10", "alpha-b", "beta 9", "beta 10"}
	for name, open := range unmigrated {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			network := func(name string) vpn.Network {
				n := newFixture().network
				n.ID, n.Name = vpn.NewNetworkID(), name
				return n
			}
			stopAt(t, s, 1)
			update(t, s, func(ctx context.Context, x *Tx) error {
				var errs []error
				for _, name := range []string{"beta 10", "alpha-10", "alpha-2", "alpha", "Alpha-007"} {
					errs = append(errs, createOldNetwork(ctx, x, network(name)))
				}
				return errors.Join(errs...)
			})
			migrated(t, s)
			update(t, s, func(ctx context.Context, x *Tx) error {
				var errs []error
				for _, name := range []string{"beta 9", "alpha-3", "alpha-b"} {
					errs = append(errs, x.CreateNetwork(ctx, network(name)))
				}
				return errors.Join(errs...)
			})
			view(t, s, func(ctx context.Context, x *Tx) error {
				page, err := x.Networks(ctx, vpn.List{Sort: "name", Size: 100})
				var got []string
				for _, n := range page.Items {
					got = append(got, n.Name)
				}
				same(t, "order", got, want)
				return err
			})
		})
	}
}

// The users whose connections are known are the first rows of the list of users.
func TestUsersOfOldConnections(t *testing.T) {
	const before = 33
	for name, open := range unmigrated {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			stopAt(t, s, before)
			update(t, s, func(ctx context.Context, x *Tx) error {
				for i, c := range []struct {
					username    string
					established time.Time
				}{{"Alice", at}, {"Alice", at.Add(time.Hour)}, {"bob", at}, {"never", time.Time{}}} {
					row := newConnectionRow(vpn.Connection{ID: vpn.NewConnectionID(), Endpoint: "e", Username: c.username, EstablishedAt: c.established, Status: vpn.ConnectionTerminated})
					row.Number = int64(i + 1)
					if err := x.on(ctx).Select(oldConnectionColumns).Create(&row).Error; err != nil {
						return err
					}
				}
				return nil
			})
			migrated(t, s)
			view(t, s, func(ctx context.Context, x *Tx) error {
				p := must[vpn.Page[vpn.User]](t)(x.VPNUsers(ctx, vpn.List{Sort: "name"}))
				same(t, "users", names(p.Items, func(u vpn.User) string { return u.Name }), []string{"Alice", "bob"})
				alice := p.Items[0]
				same(t, "alice", alice, vpn.User{ID: alice.ID, UserRef: vpn.UserRef{Key: "Alice"}, Name: "Alice", FirstSeen: at, SignedInAt: at.Add(time.Hour)})
				if len(alice.ID) != len(vpn.NewUserID()) || alice.ID == p.Items[1].ID {
					t.Errorf("IDs are %s and %s", alice.ID, p.Items[1].ID)
				}
				return nil
			})
		})
	}
}

// oldConnectionColumns are those of a connection before users had a table.
var oldConnectionColumns = []string{
	"number", "id", "endpoint_id", "association_id", "session_id", "node", "status", "username", "username_key", "common_name", "serial", "fingerprint", "issuer",
	"client_ip", "client_ip_number", "device", "platform", "client_version", "created_at", "established_at", "away_at", "ended_at", "end_reason", "search",
}

// The options come back into their columns, and out of them again.
func TestOptionsMigrateDownAndUp(t *testing.T) {
	for name, open := range openers {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			f := newFixture()
			f.endpoint.SAML, f.endpoint.PortalSAML = "", "" // below their columns a federated endpoint is deleted
			update(t, s, f.store)
			// Migration 17 moved three options out of columns of their own. Going below it loses every later option.
			o := f.endpoint.ClientOptions
			f.endpoint.NetworkChosen, f.endpoint.Directory, f.endpoint.SAML, f.endpoint.PortalSAML, f.endpoint.SelfServicePortal, f.endpoint.SecondCA = false, "", "", "", false, "" // likewise
			f.endpoint.ClientOptions = vpn.ClientOptions{SplitTunnel: o.SplitTunnel, SourceNAT: o.SourceNAT, SessionTimeout: o.SessionTimeout}
			f.endpoint.PushGeneration = 0
			stopBelow(t, s, 17)
			stopAt(t, s, 17)
			view(t, s, func(ctx context.Context, x *Tx) error {
				e, err := x.Endpoint(ctx, f.endpoint.ID)
				same(t, "endpoint", e, f.endpoint)
				return err
			})
		})
	}
}

func TestMigrateDownAndUp(t *testing.T) {
	for name, open := range openers {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			before := columns(t, s)
			p, err := s.provider()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := p.DownTo(t.Context(), 0); err != nil {
				t.Fatal(err)
			}
			if left := columns(t, s); len(left) != 0 {
				t.Errorf("left: %v", left)
			}
			same(t, "schema", columns(t, migrated(t, s)), before)
		})
	}
}

func TestManyMigrateAtOnce(t *testing.T) {
	dsns := map[string]string{"sqlite": filepath.Join(t.TempDir(), "x.db"), "postgres": server.database(t)}
	for name, dsn := range dsns {
		t.Run(name, func(t *testing.T) {
			together(4, func(int) {
				s, err := Open(t.Context(), dsn, Options{})
				if err != nil {
					t.Error(err)
					return
				}
				defer func() { _ = s.Close() }()
				if err := s.Migrate(t.Context()); err != nil {
					t.Error(err)
				}
			})
		})
	}
}
