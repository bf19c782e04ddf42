package vpn

import (
	"cmp"
	"slices"
	"testing"
)

func TestSelect(t *testing.T) {
	t.Parallel()
	type row struct {
		name, state string
		n           int
	}
	rows := []row{{"Carol", "failed", 3}, {"alice", "active", 1}, {"bob", "active", 3}}
	fields := Fields[row]{
		Search:  func(r row) []string { return []string{r.name} },
		Orders:  map[string]func(a, b row) int{"name": func(a, b row) int { return cmp.Compare(a.name, b.name) }, "n": func(a, b row) int { return a.n - b.n }},
		Usual:   func(a, b row) int { return cmp.Compare(a.name, b.name) },
		Filters: map[string]func(row, string) bool{"state": func(r row, want string) bool { return r.state == want }},
	}
	for _, c := range []struct {
		l     List
		want  []string
		total int
	}{
		{List{}, []string{"Carol", "alice", "bob"}, 3},
		{List{Sort: "n", Desc: true}, []string{"Carol", "bob", "alice"}, 3},
		{List{Search: " CAR"}, []string{"Carol"}, 1},
		{List{Filter: map[string]string{"state": "active", "other": "x"}}, []string{"alice", "bob"}, 2},
		{List{Filter: map[string]string{"state": "gone"}}, nil, 0},
		{List{Size: 2, Page: 9}, []string{"bob"}, 3},
	} {
		p := Select(rows, c.l, fields)
		var got []string
		for _, r := range p.Items {
			got = append(got, r.name)
		}
		if !slices.Equal(got, c.want) || p.Total != c.total {
			t.Errorf("%+v: got %v of %d, want %v of %d", c.l, got, p.Total, c.want, c.total)
		}
	}
}
