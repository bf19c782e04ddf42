package vpn

import "testing"

func TestSessionIdentify(t *testing.T) {
	t.Parallel()
	user := ProviderUser{Key: "k", Name: "alice", Groups: []Group{{ID: "g1", Name: "one"}, {ID: "g2", Name: "two"}}}
	s := NewSession(newEndpoint(t), LoginRequest{}, user.Identity("d-1"), now)
	reordered, fewer, renamed := user, user, user
	reordered.Groups = []Group{user.Groups[1], user.Groups[0]}
	fewer.Groups = user.Groups[:1]
	renamed.Name, renamed.Groups = "alice.new", fewer.Groups
	for i, c := range []struct {
		user     ProviderUser
		changed  bool
		revision uint64
		groups   int
	}{
		{user, false, 0, 2}, {reordered, false, 0, 2}, {fewer, true, 1, 1}, {fewer, false, 1, 1}, {renamed, true, 2, 1}, {user, true, 3, 2},
	} {
		if changed := s.Identify(c.user); changed != c.changed || s.User().Revision != c.revision || len(s.Groups) != c.groups || s.Username != c.user.Name {
			t.Errorf("%d: changed %v, %+v", i, changed, s.User())
		}
	}
}

// A few users may go at once, and many of very many; not most of a company.
func TestMassLoss(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		lost, users int
		mass        bool
	}{{0, 0, false}, {1, 1, false}, {5, 5, false}, {6, 6, true}, {6, 59, true}, {6, 60, false}, {100, 1000, false}, {101, 1000, true}} {
		if MassLoss(c.lost, c.users) != c.mass {
			t.Errorf("%d of %d: want %v", c.lost, c.users, c.mass)
		}
	}
}
