package vpn

import (
	"encoding/json"
	"strings"
	"testing"
)

func equalJSON(t *testing.T, a, b any) bool {
	t.Helper()
	x, errA := json.Marshal(a)
	y, errB := json.Marshal(b)
	if errA != nil || errB != nil {
		t.Fatal(errA, errB)
	}
	return string(x) == string(y)
}

func TestBlockOfUser(t *testing.T) {
	t.Parallel()
	var u User
	if u.Refuse() != nil {
		t.Error("a user who is not blocked is refused")
	}
	for reason, want := range map[string]string{strings.Repeat("ü", 256): "at most 255", "two\nlines": "one line"} {
		if err := u.Block("admin", reason, now); KindOf(err) != Invalid || !strings.Contains(FieldsOf(err)["reason"], want) || u.Blocked() {
			t.Errorf("%.10q: got %v", reason, err)
		}
	}
	if err := u.Block("admin", " left the company ", now); err != nil || u.BlockReason != "left the company" || u.BlockedBy != "admin" || !u.BlockedAt.Equal(now) {
		t.Errorf("got %v, %+v", err, u)
	}
	if refused := u.Refuse(); refused == nil || refused.Code != CodeUserBlocked || refused.Kind != Denied || strings.Contains(refused.Msg, "left") {
		t.Errorf("got %v", refused)
	}
	if err := u.Block("admin", "", now); KindOf(err) != Conflict {
		t.Errorf("blocked twice: %v", err)
	}
	if err := u.Unblock(); err != nil || u.Refuse() != nil {
		t.Errorf("got %v, %+v", err, u)
	}
	if err := u.Unblock(); KindOf(err) != Conflict {
		t.Errorf("unblocked twice: %v", err)
	}
}

func TestGroupsDigest(t *testing.T) {
	t.Parallel()
	a, b := Group{ID: "1", Name: "x"}, Group{ID: "2", Name: "y"}
	if GroupsDigest([]Group{a, b}) != GroupsDigest([]Group{b, a}) {
		t.Error("the order counts")
	}
	for _, other := range [][]Group{nil, {a}, {{ID: "1", Name: "z"}, b}, {{ID: "1x"}, b}} {
		if GroupsDigest(other) == GroupsDigest([]Group{a, b}) {
			t.Errorf("%v has the digest of another list", other)
		}
	}
}

// Users of certificates are named by what they have, those of a directory by its key.
func TestUserRef(t *testing.T) {
	t.Parallel()
	if got := (Identity{Name: "alice"}).Ref(); got != (UserRef{Key: "alice"}) {
		t.Errorf("got %+v", got)
	}
	i := Identity{Provider: "d-1", Key: "guid", Name: "alice"}
	if got := i.Ref(); got != (UserRef{"d-1", "guid"}) || got != (Connection{Provider: "d-1", UserKey: "guid", Username: "Alice"}).UserRef() {
		t.Errorf("got %+v", got)
	}
}
