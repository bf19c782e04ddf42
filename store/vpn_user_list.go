package store

import (
	"context"
	"strings"

	"gorm.io/gorm"

	"sallyport/vpn"
)

var userList = longListing[userRow]{
	orders: map[string]keyColumn[userRow]{
		"name":         {"name_key", func(r userRow) any { return r.NameKey }},
		"signed_in_at": {"signed_in_at", func(r userRow) any { return r.SignedIn }},
		"refused_at":   {"refused_at", func(r userRow) any { return r.Refused }},
	},
	normal: "signed_in_at", number: func(r userRow) int64 { return r.Number },
}

// VPNUsers lists users; searches the name; sorts by signed_in_at (default, newest first), name and refused_at; filters by
// provider, by group (a vpn.UserGroupID) and by state. It is a long list.
func (t *Tx) VPNUsers(ctx context.Context, l vpn.List) (vpn.Page[vpn.User], error) {
	q, err := t.usersWhere(ctx, l)
	if err != nil {
		return vpn.Page[vpn.User]{}, err
	}
	rows, err := readLong(q, l, userList, userNoun)
	if err != nil {
		return vpn.Page[vpn.User]{}, err
	}
	list, err := mapRows(rows.Items, userNoun, userRow.user)
	page := vpn.MapPage(rows, func(userRow) vpn.User { return vpn.User{} })
	page.Items = list
	return page, err
}

func (t *Tx) usersWhere(ctx context.Context, l vpn.List) (*gorm.DB, error) {
	q := t.on(ctx)
	switch provider := l.Filter["provider"]; provider {
	case "":
	case vpn.UsersOfCertificates:
		q = q.Where("provider = ''")
	default:
		q = q.Where("provider = ?", clean(provider))
	}
	switch l.Filter["state"] {
	case vpn.UserBlocked:
		q = q.Where("blocked_at <> 0")
	case vpn.UserConnected:
		numbers, err := t.connectedUsers(ctx)
		if err != nil {
			return nil, err
		}
		q = q.Where("number IN " + numberList(numbers))
	}
	if group := l.Filter["group"]; group != "" {
		var err error
		if q, err = t.membersOf(ctx, q, group); err != nil {
			return nil, err
		}
	}
	if term := fold(strings.TrimSpace(l.Search)); term != "" {
		q = q.Where(`name_key LIKE ? ESCAPE '\'`, "%"+escapeLike(term)+"%")
	}
	return q, nil
}

// connectedUsers are the numbers of the users that have connections which have not ended.
func (t *Tx) connectedUsers(ctx context.Context) ([]int64, error) {
	const key = "CASE WHEN connection.provider = '' THEN connection.username ELSE connection.user_key END"
	var numbers []int64
	err := t.on(ctx).Model(&connectionRow{}).Joins("JOIN vpn_user ON vpn_user.provider = connection.provider AND vpn_user.user_key = "+key).
		Where(unended).Distinct().Pluck("vpn_user.number", &numbers).Error
	return numbers, userNoun.read(err, "")
}

// membersOf narrows users to the members of a group. Few members are read first; of many, the users are read in the order
// of the list until the page is full.
func (t *Tx) membersOf(ctx context.Context, q *gorm.DB, id string) (*gorm.DB, error) {
	var group []int64
	if err := t.on(ctx).Model(&groupRow{}).Where("id = ?", clean(id)).Pluck("number", &group).Error; err != nil {
		return nil, groupNoun.read(err, "")
	}
	if len(group) == 0 {
		return q.Where("1 = 0"), nil
	}
	var members []int64
	err := t.on(ctx).Model(&memberRow{}).Where("group_number = ?", group[0]).Limit(maxCounted+1).Pluck("user_number", &members).Error
	if err != nil || len(members) <= maxCounted {
		return q.Where("number IN " + numberList(members)), groupNoun.read(err, "")
	}
	return q.Where("EXISTS (SELECT 1 FROM vpn_user_group WHERE user_number = vpn_user.number AND group_number = ?)", group[0]), nil
}
