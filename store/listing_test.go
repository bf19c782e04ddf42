package store

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"sallyport/vpn"
)

func testSearch(t *testing.T, s *Store) {
	f := stored(t, s)
	odd := []string{`100%`, `a_b`, `axb`, `back\slash`, `it's "quoted"; --`, `ÄÖÜ ß`, `ΑΒΓ`, `  two  spaces`, `日本語`, `[a-z]*?`}
	update(t, s, func(ctx context.Context, x *Tx) error {
		for i, name := range odd {
			r := vpn.Rule{ID: vpn.NewRuleID(), Endpoint: f.endpoint.ID, Destination: prefix(fmt.Sprintf("10.0.%d.0/24", i)), Group: "g", Description: name}
			if err := x.CreateRule(ctx, r); err != nil {
				return err
			}
		}
		return nil
	})
	view(t, s, func(ctx context.Context, x *Tx) error {
		for search, want := range map[string]string{
			`%`: `100%`, `0%`: `100%`, `_`: `a_b`, `A_B`: `a_b`, `\`: `back\slash`, `k\s`: `back\slash`, `'`: `it's "quoted"; --`,
			`äöü`: `ÄÖÜ ß`, `αβγ`: `ΑΒΓ`, `two  sp`: `  two  spaces`, `本`: `日本語`, `*?`: `[a-z]*?`, ` axb `: `axb`,
			`%%`: ``, `__`: ``, `a%b`: ``, "\x00": ``, "\xff": ``, strings.Repeat("%_", 100000): ``,
		} {
			p, err := x.Rules(ctx, f.endpoint.ID, vpn.List{Search: search})
			if err != nil {
				t.Fatalf("search %.20q: %v", search, err)
			}
			got := strings.Join(names(p.Items, func(r vpn.Rule) string { return r.Description }), "|")
			if got != want {
				t.Errorf("search %.20q: got %q, want %q", search, got, want)
			}
		}
		return nil
	})
}

func testPages(t *testing.T, s *Store) {
	f := stored(t, s)
	const total = 205
	update(t, s, func(ctx context.Context, x *Tx) error {
		for i := range total { // equal in every order but that of the tie
			r := vpn.Rule{ID: vpn.NewRuleID(), Endpoint: f.endpoint.ID, Destination: prefix(fmt.Sprintf("10.%d.0.0/16", i)), AllUsers: true, CreatedAt: at}
			if err := x.CreateRule(ctx, r); err != nil {
				return err
			}
		}
		return nil
	})
	view(t, s, func(ctx context.Context, x *Tx) error {
		for _, c := range []struct {
			l                   vpn.List
			number, size, items int
		}{
			{vpn.List{}, 1, vpn.DefaultPageSize, vpn.DefaultPageSize},
			{vpn.List{Page: -3, Size: -1}, 1, vpn.DefaultPageSize, vpn.DefaultPageSize},
			{vpn.List{Page: 5}, 5, vpn.DefaultPageSize, 5},
			{vpn.List{Page: 1 << 62}, 5, vpn.DefaultPageSize, 5}, // after the end: the last page
			{vpn.List{Size: 1 << 40}, 1, vpn.MaxPageSize, vpn.MaxPageSize},
		} {
			p := must[vpn.Page[vpn.Rule]](t)(x.Rules(ctx, f.endpoint.ID, c.l))
			if p.Total != total || p.Number != c.number || p.Size != c.size || len(p.Items) != c.items {
				t.Errorf("%+v: got total %d, page %d, size %d, %d items", c.l, p.Total, p.Number, p.Size, len(p.Items))
			}
		}
		seen := map[vpn.RuleID]bool{}
		for n := 1; n <= total/10+1; n++ {
			for _, r := range must[vpn.Page[vpn.Rule]](t)(x.Rules(ctx, f.endpoint.ID, vpn.List{Sort: "created_at", Page: n, Size: 10})).Items {
				seen[r.ID] = true
			}
		}
		if len(seen) != total {
			t.Errorf("turning the pages showed %d different rules, want %d", len(seen), total)
		}
		p := must[vpn.Page[vpn.Rule]](t)(x.Rules(ctx, "none", vpn.List{Page: 9}))
		if p.Total != 0 || p.Number != 1 || len(p.Items) != 0 || p.Pages() != 1 {
			t.Errorf("empty list: got %+v", p)
		}
		return nil
	})
}

// testOddText has texts that any client can send: certificates' names, clients' versions, URLs.
func testOddText(t *testing.T, s *Store) {
	const odd, want = "a\x00b\xffc", "a\uFFFDb\uFFFDc"
	c := newConnection()
	c.Username, c.CommonName, c.Platform, c.ClientVersion = odd, odd, odd, odd
	long := strings.Repeat("長", 5000)
	f := stored(t, s)
	cert := f.authority
	cert.ID, cert.CommonName, cert.Issuer, cert.DNSNames = vpn.NewCertificateID(), long, odd, []string{odd}
	update(t, s, func(ctx context.Context, x *Tx) error {
		for _, err := range []error{
			x.CreateConnection(ctx, c), x.CreateCertificate(ctx, cert, ""),
			x.CreateAttempt(ctx, vpn.RefusedAttempt{Endpoint: f.endpoint.ID, CommonName: odd, Reason: odd}, at),
			x.Audit(ctx, vpn.AuditRecord{Actor: odd + long, Action: odd, Subject: long + "tail", Before: odd, After: odd, Result: odd, Source: odd, Request: odd}),
		} {
			if err != nil {
				return err
			}
		}
		return nil
	})
	view(t, s, func(ctx context.Context, x *Tx) error {
		got := must[vpn.Connection](t)(x.Connection(ctx, c.ID))
		if got.Username != want || got.CommonName != want || got.Platform != want || got.ClientVersion != want {
			t.Errorf("got %q", []string{got.Username, got.CommonName, got.Platform, got.ClientVersion})
		}
		if got := must[vpn.Certificate](t)(x.Certificate(ctx, cert.ID)); got.CommonName != long {
			t.Error("a long common name was cut")
		}
		found := func(search string) int {
			return len(must[vpn.Page[vpn.AuditRecord]](t)(x.AuditRecords(ctx, vpn.List{Search: search})).Items)
		}
		if found("長長") != 1 || found("長tail") != 0 {
			t.Error("an audit record keeps more of its subject to search in than it shows")
		}
		for _, id := range []string{"", "\x00", "\xff\xfe", strings.Repeat("x", 100000)} {
			_, err := x.Endpoint(ctx, vpn.EndpointID(id))
			wantKind(t, "odd ID", err, vpn.NotFound)
			if n := len(must[[]vpn.Rule](t)(x.RulesOf(ctx, vpn.EndpointID(id)))); n != 0 {
				t.Errorf("rules of an odd ID: %d", n)
			}
		}
		return nil
	})
	wantKind(t, "text that cannot be stored", attempt(t, s, func(ctx context.Context, x *Tx) error {
		return x.DeleteNetwork(ctx, vpn.NetworkID(odd))
	}), vpn.NotFound)
}
