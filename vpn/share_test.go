package vpn_test

import (
	"slices"
	"testing"
	"time"

	"sallyport/vpn"
)

func TestShareAdmit(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour // of uptime
	there := func(id vpn.ConnectionID, began time.Duration) vpn.Held { return vpn.Held{Connection: id, Began: began} }
	away := func(id vpn.ConnectionID, minutes int) vpn.Held {
		return vpn.Held{Connection: id, Away: day - time.Duration(minutes)*time.Minute}
	}
	for what, c := range map[string]struct {
		share   vpn.Share
		held    []vpn.Held
		end     []vpn.ConnectionID
		refused bool
	}{
		"no limit":                        {vpn.Share{}, []vpn.Held{there("a", 1), there("b", 2)}, nil, false},
		"below the limit":                 {vpn.Share{Limit: 3}, []vpn.Held{there("a", 1), away("b", 2)}, nil, false},
		"the longest away ends":           {vpn.Share{Limit: 3}, []vpn.Held{there("a", 1), away("b", 2), away("c", 9)}, []vpn.ConnectionID{"c"}, false},
		"the newest is refused":           {vpn.Share{Limit: 2}, []vpn.Held{there("a", 2), there("b", 1)}, nil, true},
		"the oldest ends":                 {vpn.Share{Limit: 2, EndOldest: true}, []vpn.Held{there("a", 2), there("b", 1)}, []vpn.ConnectionID{"b"}, false},
		"one that is away ends before it": {vpn.Share{Limit: 2, EndOldest: true}, []vpn.Held{there("a", 1), away("b", 1)}, []vpn.ConnectionID{"b"}, false},
		"a limit that was lowered":        {vpn.Share{Limit: 1, EndOldest: true}, []vpn.Held{there("a", 1), away("b", 1)}, []vpn.ConnectionID{"b", "a"}, false},
		"refused, and none ends":          {vpn.Share{Limit: 1}, []vpn.Held{there("a", 1), away("b", 1)}, nil, true},
	} {
		end, err := c.share.Admit(vpn.Sharer{Certificate: "cc 17"}, c.held)
		if !slices.Equal(end, c.end) || (err != nil) != c.refused {
			t.Errorf("%s: %v end, %v", what, end, err)
		}
	}
}

// Users with copies of one certificate have a share each; where certificates are all that there is, it is theirs.
func TestSharerOf(t *testing.T) {
	t.Parallel()
	alice, bob := vpn.Identity{Provider: "d-1", Key: "a", Name: "alice"}, vpn.Identity{Provider: "d-1", Key: "b", Name: "bob"}
	renamed := vpn.Identity{Provider: "d-1", Key: "a", Name: "alice.new"}
	switch {
	case vpn.SharerOf(alice, "cc 17") == vpn.SharerOf(bob, "cc 17"):
		t.Error("two users with one certificate share")
	case vpn.SharerOf(alice, "cc 17") != vpn.SharerOf(renamed, "cc 18"):
		t.Error("a renamed user with another certificate has another share")
	case vpn.SharerOf(vpn.Identity{Name: "alice"}, "cc 17") == vpn.SharerOf(vpn.Identity{Name: "alice"}, "cc 18"):
		t.Error("two certificates share")
	}
	_, err := vpn.Share{Limit: 1}.Admit(vpn.SharerOf(alice, ""), []vpn.Held{{Connection: "a"}})
	if vpn.CodeOf(err) != vpn.CodeUserConnectionLimitExceeded {
		t.Errorf("refused with %v", err)
	}
}
