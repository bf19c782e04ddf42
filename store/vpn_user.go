package store

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"gorm.io/gorm/clause"

	"sallyport/vpn"
)

var userNoun = noun{what: "user", code: vpn.CodeUserNotFound, taken: "This user exists already."}

type userRow struct {
	Number        int64  `gorm:"column:number;primaryKey;autoIncrement"`
	ID            string `gorm:"column:id"`
	Provider      string `gorm:"column:provider"`
	Key           string `gorm:"column:user_key"`
	Name          string `gorm:"column:name"`
	NameKey       string `gorm:"column:name_key"`
	FirstSeen     int64  `gorm:"column:first_seen_at"`
	SignedIn      int64  `gorm:"column:signed_in_at"`
	Groups        int    `gorm:"column:group_count"`
	GroupNames    string `gorm:"column:group_names"`
	GroupsDigest  string `gorm:"column:groups_digest"`
	MoreGroups    bool   `gorm:"column:more_groups"`
	Refused       int64  `gorm:"column:refused_at"`
	RefusedCode   string `gorm:"column:refused_code"`
	RefusedReason string `gorm:"column:refused_reason"`
	RefusedBy     string `gorm:"column:refused_by"`
	Blocked       int64  `gorm:"column:blocked_at"`
	BlockedBy     string `gorm:"column:blocked_by"`
	BlockReason   string `gorm:"column:block_reason"`
}

func (userRow) TableName() string { return "vpn_user" }

// seenColumns are those that a login writes; blockColumns are those of a block.
var (
	seenColumns = []string{
		"name", "name_key", "signed_in_at", "group_count", "group_names", "groups_digest", "more_groups", "refused_at", "refused_code", "refused_reason", "refused_by",
	}
	blockColumns = []string{"blocked_at", "blocked_by", "block_reason"}
)

func newUserRow(u vpn.User) (userRow, error) {
	names := make([]string, len(u.GroupNames))
	for i, n := range u.GroupNames {
		names[i] = clean(n)
	}
	encoded, err := encodeJSON(names)
	return userRow{
		ID: string(u.ID), Provider: clean(string(u.Provider)), Key: clean(u.Key), Name: clean(u.Name), NameKey: fold(u.Name),
		FirstSeen: micros(u.FirstSeen), SignedIn: micros(u.SignedInAt), Groups: u.Groups, GroupNames: encoded, MoreGroups: u.MoreGroups,
		Refused: micros(u.RefusedAt), RefusedCode: clean(string(u.RefusedCode)), RefusedReason: clean(u.RefusedReason), RefusedBy: clean(string(u.RefusedBy)),
		Blocked: micros(u.BlockedAt), BlockedBy: clean(u.BlockedBy), BlockReason: clean(u.BlockReason),
	}, err
}

func (r userRow) user() (vpn.User, error) {
	var d decoder
	u := vpn.User{
		ID: vpn.UserID(r.ID), UserRef: r.ref(), Name: r.Name, FirstSeen: instant(r.FirstSeen), SignedInAt: instant(r.SignedIn),
		Groups: r.Groups, MoreGroups: r.MoreGroups, RefusedAt: instant(r.Refused), RefusedCode: vpn.Code(r.RefusedCode), RefusedReason: r.RefusedReason,
		RefusedBy: vpn.EndpointID(r.RefusedBy), BlockedAt: instant(r.Blocked), BlockedBy: r.BlockedBy, BlockReason: r.BlockReason,
	}
	if d.json(r.GroupNames, &u.GroupNames); len(u.GroupNames) == 0 {
		u.GroupNames = nil
	}
	return u, d.err
}

func (r userRow) ref() vpn.UserRef {
	return vpn.UserRef{Provider: vpn.ProviderID(r.Provider), Key: r.Key}
}

// VPNUser reads one user.
func (t *Tx) VPNUser(ctx context.Context, id vpn.UserID) (vpn.User, error) {
	row, err := readOne[userRow](t.on(ctx), userNoun, "id", string(id))
	if err != nil {
		return vpn.User{}, err
	}
	return row.user()
}

// VPNUsersByID reads users; unknown ones are absent.
func (t *Tx) VPNUsersByID(ctx context.Context, ids ...vpn.UserID) ([]vpn.User, error) {
	var found []vpn.User
	for part := range slices.Chunk(slices.DeleteFunc(idStrings(ids), func(id string) bool { return !isStorable(id) }), batch) {
		list, err := readAll(t.on(ctx).Where("id IN ?", part).Order("name_key, number"), userNoun, userRow.user)
		if err != nil {
			return nil, err
		}
		found = append(found, list...)
	}
	return found, nil
}

// VPNUserNamed finds the user of a provider whose name was typed, in whatever case. NotFound where none, or more than
// one, has the name.
func (t *Tx) VPNUserNamed(ctx context.Context, provider vpn.ProviderID, name string) (vpn.User, error) {
	rows, err := readAll(t.on(ctx).Where("name_key = ? AND provider = ?", fold(name), clean(string(provider))).Limit(2), userNoun, userRow.user)
	if err == nil && len(rows) != 1 {
		err = userNoun.read(errNoRow, name)
	}
	if err != nil {
		return vpn.User{}, err
	}
	return rows[0], nil
}

// VPNUsersOf reads those of the users that are known.
func (t *Tx) VPNUsersOf(ctx context.Context, refs ...vpn.UserRef) (map[vpn.UserRef]vpn.User, error) {
	rows, err := t.userRows(ctx, refs)
	out := make(map[vpn.UserRef]vpn.User, len(rows))
	for ref, r := range rows {
		if out[ref], err = r.user(); err != nil {
			return out, err
		}
	}
	return out, err
}

// readUsers are users as this transaction has read them and not written since: a login is decided by its user, and noted
// with the same.
type readUsers struct {
	asked map[vpn.UserRef]bool
	rows  map[vpn.UserRef]userRow
}

func (t *Tx) userRows(ctx context.Context, refs []vpn.UserRef) (map[vpn.UserRef]userRow, error) {
	if t.users.asked == nil {
		t.users = readUsers{map[vpn.UserRef]bool{}, map[vpn.UserRef]userRow{}}
	}
	keys := map[vpn.ProviderID][]string{}
	for _, ref := range refs {
		ref.Key = clean(ref.Key)
		if !t.users.asked[ref] {
			t.users.asked[ref] = true
			keys[ref.Provider] = append(keys[ref.Provider], ref.Key)
		}
	}
	for provider, list := range keys {
		for part := range slices.Chunk(list, batch) {
			var rows []userRow
			if err := t.on(ctx).Where("provider = ? AND user_key IN ?", clean(string(provider)), part).Find(&rows).Error; err != nil {
				t.users = readUsers{}
				return nil, userNoun.read(err, "")
			}
			for _, r := range rows {
				t.users.rows[r.ref()] = r
			}
		}
	}
	out := map[vpn.UserRef]userRow{}
	for _, ref := range refs {
		ref.Key = clean(ref.Key)
		if r, known := t.users.rows[ref]; known {
			out[ref] = r
		}
	}
	return out, nil
}

// SeeUser notes logins, in their order. A user who is not known is added, unless the login is Unproved.
func (t *Tx) SeeUser(ctx context.Context, seen ...vpn.Sighting) error {
	if len(seen) == 0 {
		return nil
	}
	refs := make([]vpn.UserRef, len(seen))
	for i, s := range seen {
		refs[i] = s.UserRef
	}
	known, err := t.userRows(ctx, refs)
	if err != nil {
		return err
	}
	var rows []userRow
	groups := map[vpn.UserRef][]vpn.Group{}
	users := map[vpn.UserRef]vpn.User{}
	var order []vpn.UserRef
	for _, s := range seen {
		ref := vpn.UserRef{Provider: s.Provider, Key: clean(s.Key)}
		u, met := users[ref]
		row, isKnown := known[ref]
		if !met {
			if s.Unproved && !isKnown {
				continue
			}
			if isKnown {
				if u, err = row.user(); err != nil {
					return err
				}
			}
			order = append(order, ref)
		}
		u.See(s)
		users[ref] = u
		if !s.Unproved {
			groups[ref] = s.Groups
		}
	}
	for _, ref := range order {
		row, err := newUserRow(users[ref])
		if err != nil {
			return err
		}
		row.Number, row.GroupsDigest = known[ref].Number, known[ref].GroupsDigest
		if list, proved := groups[ref]; proved {
			row.GroupsDigest = vpn.GroupsDigest(list)
		}
		rows = append(rows, row)
	}
	if len(rows) == 0 {
		return nil
	}
	if err := t.writeSeen(ctx, rows, known); err != nil {
		return err
	}
	return t.saveMemberships(ctx, rows, known, groups)
}

// writeSeen adds the rows without a number, which it sets, and writes the others. Most logins change the time alone.
func (t *Tx) writeSeen(ctx context.Context, rows []userRow, known map[vpn.UserRef]userRow) error {
	t.users = readUsers{}
	var added, changed []userRow
	var again [][2]int64 // number and time
	for _, r := range rows {
		before := known[r.ref()]
		before.SignedIn = r.SignedIn
		switch {
		case r.Number == 0:
			added = append(added, r)
		case sameSeen(before, r):
			again = append(again, [...]int64{r.Number, r.SignedIn})
		default:
			changed = append(changed, r)
		}
	}
	if err := t.signedInAgain(ctx, again); err != nil {
		return err
	}
	if len(changed) > 0 {
		replace := clause.OnConflict{Columns: []clause.Column{{Name: "number"}}, DoUpdates: clause.AssignmentColumns(seenColumns)}
		if err := t.on(ctx).Clauses(replace).Create(&changed).Error; err != nil {
			return userNoun.read(err, "")
		}
	}
	if len(added) > 0 {
		if err := t.on(ctx).Create(&added).Error; err != nil {
			return userNoun.read(err, "")
		}
	}
	for i := range rows {
		if rows[i].Number == 0 {
			rows[i].Number, added = added[0].Number, added[1:]
		}
	}
	return nil
}

// sameSeen tells whether two rows are equal in seenColumns.
func sameSeen(a, b userRow) bool {
	a.ID, a.FirstSeen, a.Blocked, a.BlockedBy, a.BlockReason = b.ID, b.FirstSeen, b.Blocked, b.BlockedBy, b.BlockReason
	return a == b
}

func (t *Tx) signedInAgain(ctx context.Context, list [][2]int64) error {
	if len(list) == 0 {
		return nil
	}
	text, err := json.Marshal(list)
	if err != nil {
		return err
	}
	statement := "UPDATE vpn_user SET signed_in_at = CAST(e.value ->> 1 AS BIGINT) FROM " + t.store.dialect.elements + " WHERE vpn_user.number = CAST(e.value ->> 0 AS BIGINT)"
	return userNoun.read(t.on(ctx).Exec(statement, string(text)).Error, "")
}

// SaveVPNUserBlock writes whether the user is blocked.
func (t *Tx) SaveVPNUserBlock(ctx context.Context, u vpn.User) error {
	t.users = readUsers{}
	row, err := newUserRow(u)
	if err != nil {
		return err
	}
	return userNoun.wrote(t.on(ctx).Model(&userRow{}).Where("id = ?", row.ID).Select(blockColumns).Updates(&row), row.ID)
}

// CountConnectionsOf counts the connections of users that have not ended; those without any are absent.
func (t *Tx) CountConnectionsOf(ctx context.Context, refs ...vpn.UserRef) (map[vpn.UserRef]int, error) {
	out := map[vpn.UserRef]int{}
	err := t.ofUsers(refs, func(condition string, args ...any) error {
		var rows []struct {
			Provider string `gorm:"column:provider"`
			UserKey  string `gorm:"column:user_key"`
			Username string `gorm:"column:username"`
			Total    int    `gorm:"column:total"`
		}
		q := t.on(ctx).Model(&connectionRow{}).Where(unended).Where(condition, args...)
		err := q.Select("provider, user_key, username, COUNT(*) AS total").Group("provider, user_key, username").Find(&rows).Error
		for _, r := range rows {
			out[vpn.Connection{Provider: vpn.ProviderID(r.Provider), UserKey: r.UserKey, Username: r.Username}.UserRef()] += r.Total
		}
		return connectionNoun.read(err, "")
	})
	return out, err
}

// LiveConnectionsOf lists the connections of users on every endpoint that may carry traffic, now or in a moment.
func (t *Tx) LiveConnectionsOf(ctx context.Context, refs ...vpn.UserRef) ([]vpn.Connection, error) {
	var out []vpn.Connection
	err := t.ofUsers(refs, func(condition string, args ...any) error {
		found, err := t.readUnended(ctx, live+" AND "+condition, args...)
		out = append(out, found...)
		return err
	})
	return out, err
}

// EndVPNSessionsOfUsers ends the VPN sessions of users on every endpoint that were not ended.
func (t *Tx) EndVPNSessionsOfUsers(ctx context.Context, at time.Time, reason string, refs ...vpn.UserRef) error {
	return t.ofUsers(refs, func(condition string, args ...any) error {
		g := t.on(ctx).Model(&vpnSessionRow{}).Where("ended_at = 0 AND ends_at > ?", micros(at)).Where(condition, args...).
			Updates(map[string]any{"ended_at": micros(at), "end_reason": clean(reason)})
		return vpnSessionNoun.read(g.Error, "")
	})
}

// ofUsers runs a query about connections or VPN sessions for the users of each provider.
func (t *Tx) ofUsers(refs []vpn.UserRef, run func(condition string, args ...any) error) error {
	keys := map[vpn.ProviderID][]string{}
	for _, ref := range refs {
		keys[ref.Provider] = append(keys[ref.Provider], clean(ref.Key))
	}
	for provider, list := range keys {
		condition, args := "provider = ? AND user_key IN ?", []any{clean(string(provider))}
		if provider == "" {
			condition, args = "provider = '' AND user_key = '' AND username IN ?", nil
		}
		for part := range slices.Chunk(list, batch) {
			if err := run(condition, append(slices.Clone(args), part)...); err != nil {
				return err
			}
		}
	}
	return nil
}

// PurgeVPNUsers deletes users who were last seen before a time and are not blocked, at most limit, and returns their
// number.
func (t *Tx) PurgeVPNUsers(ctx context.Context, before time.Time, limit int) (int, error) {
	t.users = readUsers{}
	old := t.on(ctx).Model(&userRow{}).Select("number").
		Where("signed_in_at < ? AND refused_at < ? AND first_seen_at < ? AND blocked_at = 0", micros(before), micros(before), micros(before)).Order("signed_in_at").Limit(limit)
	g := t.on(ctx).Where("number IN (?)", old).Delete(&userRow{})
	return int(g.RowsAffected), userNoun.read(g.Error, "")
}
