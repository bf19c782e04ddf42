package vpn

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// UserID is "user-" and 17 hex digits. A UserRef may be of any length and content, and does not fit into a URL.
type UserID string

// UserGroupID is "group-" and 17 hex digits: it names a group of one identity provider in URLs. Rules name groups by
// Group.ID.
type UserGroupID string

const prefixUser = "user-"

// Valid reports whether the identifier has the exact form of its type.
func (id UserID) Valid() bool { return wellFormed(string(id), prefixUser) }

// NewUserID and NewUserGroupID are random.
func NewUserID() UserID           { return UserID(newID(prefixUser)) }
func NewUserGroupID() UserGroupID { return UserGroupID(newID("group-")) }

// UserRef is who a VPN user is, whatever was typed at the login: the identity provider and what names the user there.
// Users of client certificates have no provider, and their key is the common name.
type UserRef struct {
	Provider ProviderID
	Key      string
}

// refOf is the user of an Identity, of a session or of a connection.
func refOf(provider ProviderID, key, name string) UserRef {
	if provider == "" {
		return UserRef{Key: PrintableText(name)}
	}
	return UserRef{Provider: provider, Key: key}
}

// Ref is the user, as lists of users name it.
func (i Identity) Ref() UserRef { return refOf(i.Provider, i.Key, i.Name) }

// UserRef is the user of the connection.
func (c Connection) UserRef() UserRef { return refOf(c.Provider, c.UserKey, c.Username) }

// User is a VPN user who has signed in or tried to.
type User struct {
	ID UserID
	UserRef
	Name       string // what lists call the user
	FirstSeen  time.Time
	SignedInAt time.Time // the last login that was granted; zero: none was
	// The groups as of the last login. The store keeps them all; a list shows the first names.
	Groups     int
	GroupNames []string
	MoreGroups bool // the user has more groups than count
	// The last login that was refused after the user had proved who they are, or that named this user.
	RefusedAt     time.Time
	RefusedCode   Code
	RefusedReason string
	RefusedBy     EndpointID
	BlockedAt     time.Time // zero: not blocked
	BlockedBy     string
	BlockReason   string
}

// Blocked tells whether the user is refused on every endpoint.
func (u User) Blocked() bool { return !u.BlockedAt.IsZero() }

var errUserBlocked = Refuse(Denied, CodeUserBlocked, "Your access to this VPN is blocked. Ask your administrator.")

// UserBlockedMessage is what a blocked user is shown.
func UserBlockedMessage() string { return errUserBlocked.Msg }

// Refuse is the refusal of a login of the user by an administrator's block, or nil.
func (u User) Refuse() *Error {
	if u.Blocked() {
		return errUserBlocked
	}
	return nil
}

// maxBlockReason is the longest reason of a block, in characters.
const maxBlockReason = 255

// Block refuses the user from now on. Fields: reason. Conflict where the user is blocked already.
func (u *User) Block(by, reason string, now time.Time) error {
	if u.Blocked() {
		return Refuse(Conflict, CodeIncorrectState, "This user is blocked already.")
	}
	var c Check
	reason = strings.TrimSpace(reason)
	if n := utf8.RuneCountInString(reason); n > maxBlockReason {
		c.Bad("reason", fmt.Sprintf("The reason has %d characters; at most %d are possible.", n, maxBlockReason))
	} else if !isPrintable(reason) {
		c.Bad("reason", "The reason is one line of printable text.")
	}
	if err := c.Err(); err != nil {
		return err
	}
	u.BlockedAt, u.BlockedBy, u.BlockReason = now, by, reason
	return nil
}

// Unblock takes the block back. Conflict where there is none.
func (u *User) Unblock() error {
	if !u.Blocked() {
		return Refuse(Conflict, CodeIncorrectState, "This user is not blocked.")
	}
	u.BlockedAt, u.BlockedBy, u.BlockReason = time.Time{}, "", ""
	return nil
}

// Sighting is one login of a user, as the list of users keeps it.
type Sighting struct {
	UserRef
	Name     string
	Groups   []Group // all that count
	More     bool    // the user has more of them
	At       time.Time
	Endpoint EndpointID
	Refused  *Error // why the user was not let in; nil: the login was granted
	// LookedUp tells that the directory was asked without a login.
	LookedUp bool
	// Unproved tells that the login named the user without proving it: a refusal is noted with a user that is known, and
	// the rest is not believed.
	Unproved bool
}

// namedGroups is how many names of groups a list shows.
const namedGroups = 3

// See notes a login.
func (u *User) See(s Sighting) {
	if u.ID == "" {
		u.ID, u.UserRef, u.FirstSeen = NewUserID(), s.UserRef, s.At
	}
	switch {
	case s.LookedUp:
	case s.Refused != nil:
		u.RefusedAt, u.RefusedCode, u.RefusedReason, u.RefusedBy = s.At, s.Refused.Code, s.Refused.Msg, s.Endpoint
	default:
		u.SignedInAt = s.At
	}
	if s.Unproved {
		return
	}
	u.Name, u.Groups, u.MoreGroups, u.GroupNames = s.Name, len(s.Groups), s.More, nil
	for _, g := range s.Groups[:min(len(s.Groups), namedGroups)] {
		u.GroupNames = append(u.GroupNames, cmp.Or(g.Name, g.ID))
	}
}

// Label is what lists call the group.
func (g Group) Label() string { return labelOf(g.Name, g.ID) }

// GroupsDigest is equal for equal groups, in whatever order.
func GroupsDigest(groups []Group) string {
	if len(groups) == 0 {
		return ""
	}
	lines := make([]string, len(groups))
	for i, g := range groups {
		lines[i] = g.ID + "\x00" + g.Name + "\x00"
	}
	slices.Sort(lines)
	sum := sha256.Sum256([]byte(strings.Join(lines, "")))
	return hex.EncodeToString(sum[:])
}

// UserGroup is a group that users were seen with, or that a rule names.
type UserGroup struct {
	Key      UserGroupID
	Provider ProviderID
	Group
	FirstSeen time.Time
	Members   int  // users whose last login had the group
	More      bool // there are more than Members
}
