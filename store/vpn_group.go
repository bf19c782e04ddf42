package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"gorm.io/gorm/clause"

	"sallyport/vpn"
)

var groupNoun = noun{what: "group", code: vpn.CodeUserGroupNotFound, taken: "This group exists already."}

type groupRow struct {
	Number    int64  `gorm:"column:number;primaryKey;autoIncrement"`
	ID        string `gorm:"column:id"`
	Provider  string `gorm:"column:provider"`
	GroupID   string `gorm:"column:group_id"`
	Name      string `gorm:"column:name"`
	NameKey   string `gorm:"column:name_key"`
	FirstSeen int64  `gorm:"column:first_seen_at"`
	Search    string `gorm:"column:search"`
}

func (groupRow) TableName() string { return "vpn_group" }

func newGroupRow(g vpn.UserGroup) groupRow {
	return groupRow{
		ID: string(g.Key), Provider: clean(string(g.Provider)), GroupID: clean(g.ID), Name: clean(g.Name), NameKey: fold(g.Name), FirstSeen: micros(g.FirstSeen),
		Search: searchable(g.Name, g.ID),
	}
}

func (r groupRow) group() (vpn.UserGroup, error) {
	return vpn.UserGroup{
		Key: vpn.UserGroupID(r.ID), Provider: vpn.ProviderID(r.Provider), Group: vpn.Group{ID: vpn.CanonicalGroup(r.GroupID), Name: r.Name}, FirstSeen: instant(r.FirstSeen),
	}, nil
}

type memberRow struct {
	User  int64 `gorm:"column:user_number;primaryKey;autoIncrement:false"`
	Group int64 `gorm:"column:group_number;primaryKey;autoIncrement:false"`
}

func (memberRow) TableName() string { return "vpn_user_group" }

// VPNGroup reads one group with the number of its members.
func (t *Tx) VPNGroup(ctx context.Context, id vpn.UserGroupID) (vpn.UserGroup, error) {
	row, err := readOne[groupRow](t.on(ctx), groupNoun, "id", string(id))
	if err != nil {
		return vpn.UserGroup{}, err
	}
	list, err := t.withMembers(ctx, []groupRow{row})
	if err != nil {
		return vpn.UserGroup{}, err
	}
	return list[0], nil
}

// VPNGroupsOf lists the groups of a user as of the last login, by name.
func (t *Tx) VPNGroupsOf(ctx context.Context, id vpn.UserID) ([]vpn.UserGroup, error) {
	user := t.on(ctx).Model(&userRow{}).Select("number").Where("id = ?", clean(string(id)))
	groups := t.on(ctx).Model(&memberRow{}).Select("group_number").Where("user_number = (?)", user)
	return readAll(t.on(ctx).Where("number IN (?)", groups).Order("name_key, number"), groupNoun, groupRow.group)
}

// VPNGroupsNamed reads the groups with the given group IDs, of every provider, with the number of their members. Unknown
// ones are absent.
func (t *Tx) VPNGroupsNamed(ctx context.Context, ids ...string) ([]vpn.UserGroup, error) {
	var rows []groupRow
	for part := range slices.Chunk(ids, batch) {
		var some []groupRow
		if err := t.on(ctx).Where("group_id IN ?", groupSpellings(part)).Find(&some).Error; err != nil {
			return nil, groupNoun.read(err, "")
		}
		rows = append(rows, some...)
	}
	return t.withMembers(ctx, rows)
}

// groupSpellings are the spellings of group IDs in columns: an earlier version wrote letters beyond ASCII as bytes.
func groupSpellings(ids []string) []string {
	out := make([]string, 0, len(ids))
	for _, id := range ids {
		out = append(out, clean(id))
		if former := formerGroupID(id); former != clean(id) {
			out = append(out, former)
		}
	}
	return out
}

// formerGroupID is the spelling of an earlier version.
func formerGroupID(id string) string {
	var b strings.Builder
	for _, octet := range []byte(clean(id)) {
		if octet < utf8.RuneSelf {
			b.WriteByte(octet)
		} else {
			fmt.Fprintf(&b, `\%02x`, octet)
		}
	}
	return b.String()
}

var groupList = longListing[groupRow]{
	orders: map[string]keyColumn[groupRow]{"name": {"name_key", func(r groupRow) any { return r.NameKey }}},
	normal: "name", first: true, number: func(r groupRow) int64 { return r.Number },
}

// VPNGroups lists groups with the number of their members; searches name and group ID; sorts by name; filters by
// provider. It is a long list.
func (t *Tx) VPNGroups(ctx context.Context, l vpn.List) (vpn.Page[vpn.UserGroup], error) {
	q := t.on(ctx)
	if provider := l.Filter["provider"]; provider != "" {
		q = q.Where("provider = ?", clean(provider))
	}
	if term := fold(strings.TrimSpace(l.Search)); term != "" {
		q = q.Where(`search LIKE ? ESCAPE '\'`, "%"+escapeLike(term)+"%")
	}
	rows, err := readLong(q, l, groupList, groupNoun)
	if err != nil {
		return vpn.Page[vpn.UserGroup]{}, err
	}
	list, err := t.withMembers(ctx, rows.Items)
	page := vpn.MapPage(rows, func(groupRow) vpn.UserGroup { return vpn.UserGroup{} })
	page.Items = list
	return page, err
}

// withMembers maps rows and counts the members of each, at most maxCounted.
func (t *Tx) withMembers(ctx context.Context, rows []groupRow) ([]vpn.UserGroup, error) {
	out, err := mapRows(rows, groupNoun, groupRow.group)
	if err != nil || len(rows) == 0 {
		return out, err
	}
	counts := make(map[int64]int, len(rows))
	for part := range slices.Chunk(rows, batch) {
		numbers := make([]int64, len(part))
		for i, r := range part {
			numbers[i] = r.Number
		}
		var found []struct {
			Number  int64 `gorm:"column:number"`
			Members int   `gorm:"column:members"`
		}
		const members = "(SELECT COUNT(*) FROM (SELECT 1 FROM vpn_user_group WHERE group_number = vpn_group.number LIMIT ?) AS counted) AS members"
		if err := t.on(ctx).Model(&groupRow{}).Select("number, "+members, maxCounted+1).Where("number IN " + numberList(numbers)).Find(&found).Error; err != nil {
			return nil, groupNoun.read(err, "")
		}
		for _, f := range found {
			counts[f.Number] = f.Members
		}
	}
	for i, r := range rows {
		n := counts[r.Number]
		out[i].Members, out[i].More = min(n, maxCounted), n > maxCounted
	}
	return out, nil
}

// saveMemberships writes the groups of the users for whom they have changed since the last login.
func (t *Tx) saveMemberships(ctx context.Context, users []userRow, before map[vpn.UserRef]userRow, groups map[vpn.UserRef][]vpn.Group) error {
	type key struct{ provider, group string }
	wanted := map[key]vpn.Group{}
	var changed []userRow
	for _, u := range users {
		list, proved := groups[u.ref()]
		if !proved || u.GroupsDigest == before[u.ref()].GroupsDigest {
			continue
		}
		changed = append(changed, u)
		for _, g := range list {
			wanted[key{u.Provider, clean(g.ID)}] = g
		}
	}
	if len(changed) == 0 {
		return nil
	}
	numbers := map[key]int64{}
	byProvider := map[string][]vpn.Group{}
	for k, g := range wanted {
		byProvider[k.provider] = append(byProvider[k.provider], g)
	}
	for provider, groups := range byProvider {
		found, err := t.noteGroups(ctx, vpn.ProviderID(provider), groups)
		if err != nil {
			return err
		}
		for id, n := range found {
			numbers[key{provider, id}] = n
		}
	}
	var members []memberRow
	gone := make([]int64, len(changed))
	for i, u := range changed {
		gone[i] = u.Number
		had := map[int64]bool{}
		for _, g := range groups[u.ref()] {
			if n := numbers[key{u.Provider, clean(g.ID)}]; !had[n] {
				had[n] = true
				members = append(members, memberRow{u.Number, n})
			}
		}
	}
	if err := t.on(ctx).Where("user_number IN " + numberList(gone)).Delete(&memberRow{}).Error; err != nil {
		return groupNoun.read(err, "")
	}
	if len(members) == 0 {
		return nil
	}
	return groupNoun.read(t.on(ctx).CreateInBatches(&members, batch).Error, "")
}

// NoteVPNGroup keeps the name of a group that no user need have been seen with.
func (t *Tx) NoteVPNGroup(ctx context.Context, provider vpn.ProviderID, g vpn.Group) error {
	_, err := t.noteGroups(ctx, provider, []vpn.Group{g})
	return err
}

// noteGroups adds groups, or renames them, and gives their numbers by group ID.
func (t *Tx) noteGroups(ctx context.Context, provider vpn.ProviderID, groups []vpn.Group) (map[string]int64, error) {
	rows := make([]groupRow, len(groups))
	for i, g := range groups {
		rows[i] = newGroupRow(vpn.UserGroup{Key: vpn.NewUserGroupID(), Provider: provider, Group: g, FirstSeen: t.store.options.Now()})
	}
	slices.SortFunc(rows, func(a, b groupRow) int { return strings.Compare(a.GroupID, b.GroupID) }) // one order for all transactions
	numbers := make(map[string]int64, len(rows))
	rename := clause.OnConflict{Columns: []clause.Column{{Name: "provider"}, {Name: "group_id"}}, DoUpdates: clause.AssignmentColumns([]string{"name", "name_key", "search"})}
	for part := range slices.Chunk(rows, batch/2) {
		if err := t.respellGroups(ctx, part); err != nil {
			return nil, err
		}
		if err := t.on(ctx).Clauses(rename).Create(&part).Error; err != nil {
			return nil, groupNoun.read(err, "")
		}
		ids := make([]string, len(part))
		for i, r := range part {
			ids[i] = r.GroupID
		}
		var stored []groupRow
		if err := t.on(ctx).Select("number", "group_id").Where("provider = ? AND group_id IN ?", clean(string(provider)), ids).Find(&stored).Error; err != nil {
			return nil, groupNoun.read(err, "")
		}
		for _, r := range stored {
			numbers[r.GroupID] = r.Number
		}
	}
	return numbers, nil
}

// respellGroups gives groups of an earlier version their present spelling.
func (t *Tx) respellGroups(ctx context.Context, rows []groupRow) error {
	for _, r := range rows {
		former := formerGroupID(r.GroupID)
		if former == r.GroupID {
			continue
		}
		present := t.on(ctx).Model(&groupRow{}).Select("1").Where("provider = ? AND group_id = ?", r.Provider, r.GroupID)
		err := t.on(ctx).Model(&groupRow{}).Where("provider = ? AND group_id = ? AND NOT EXISTS (?)", r.Provider, former, present).Update("group_id", r.GroupID).Error
		if err != nil {
			return groupNoun.read(err, "")
		}
	}
	return nil
}

// PurgeVPNGroups deletes groups without members that were first seen before a time, at most limit, and returns their
// number.
func (t *Tx) PurgeVPNGroups(ctx context.Context, before time.Time, limit int) (int, error) {
	member := t.on(ctx).Model(&memberRow{}).Select("1").Where("group_number = vpn_group.number")
	old := t.on(ctx).Model(&groupRow{}).Select("number").Where("first_seen_at < ? AND NOT EXISTS (?)", micros(before), member).Limit(limit)
	g := t.on(ctx).Where("number IN (?)", old).Delete(&groupRow{})
	return int(g.RowsAffected), groupNoun.read(g.Error, "")
}
