package vpn

import "slices"

// SessionIdentity is the user of a session as the directory has it now. Of two about one session, the one with the higher
// revision holds.
type SessionIdentity struct {
	Session SessionID `json:"session"`
	User    Identity  `json:"user"`
}

// Identify takes over what the directory says about the session's user now. It is false where nothing is new.
func (s *Session) Identify(u ProviderUser) bool {
	now := u.Identity(s.Provider)
	if now.Name == "" { // the directory has none any more
		now.Name = s.Username
	}
	if now.Name == s.Username && now.More == s.MoreGroups && sameGroups(now.Groups, s.Groups) {
		return false
	}
	s.Username, s.Groups, s.MoreGroups = now.Name, now.Groups, now.More
	s.Revision++
	return true
}

// sameGroups compares without the order, which differs from one answer of a directory to the next.
func sameGroups(a, b []string) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(a, b)
}

// The share and the number of users of a directory that may lose their access in one pass of look-ups.
const (
	mostLostPercent = 10
	mostLost        = 5
)

// MassLoss tells whether so many users of a directory lost their access from one look-up to the next that the directory, or
// what its service account may read, is likelier to be at fault than the users.
func MassLoss(lost, users int) bool { return lost > mostLost && lost*100 > users*mostLostPercent }
