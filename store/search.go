package store

import (
	"context"
	"slices"
	"strings"

	"gorm.io/gorm"

	"sallyport/vpn"
)

// Search reads, of each kind, at most vpn.SearchEach rows that hold a text where the list of the kind searches for it, without
// counting the rest. An IPv4 address also finds the networks, subnets, rules and routes whose range contains it, the
// narrowest first, and a connection's ID finds it after its end too.
func (t *Tx) Search(ctx context.Context, text string) (r vpn.SearchResult, err error) {
	r.EndpointNames = map[vpn.EndpointID]string{}
	if text == "" {
		return r, nil
	}
	s := search{t: t, ctx: ctx, like: "%" + escapeLike(fold(text)) + "%", ranges: rangesOf(text)}
	r.Endpoints = find(&s, "name_key, id", "", endpointNoun, endpointRow.endpoint)
	r.Networks = s.networks()
	r.Subnets = find(&s, "cidr_bits DESC, cidr_first, id", "cidr", subnetNoun, subnetRow.subnet)
	r.Rules = find(&s, "destination_bits DESC, destination_first, id", "destination", ruleNoun, ruleRow.rule)
	r.Routes = find(&s, "destination_bits DESC, destination_first, id", "destination", routeNoun, routeRow.route)
	r.Directories = find(&s, "name_key, id", "", directoryNoun, directoryRow.directory)
	r.Providers = find(&s, "name_key, id", "", samlProviderNoun, samlProviderRow.provider)
	r.Certificates = find(&s, "name_key, id", "", certificateNoun, certificateRow.certificate)
	r.Administrators = find(&s, "username, id", "", administratorNoun, administratorRow.administrator)
	s.users(&r, text)
	s.connections(&r, text)
	s.nameEndpoints(&r)
	return r, s.err
}

// search is one search. After the first error it reads nothing.
type search struct {
	t      *Tx
	ctx    context.Context
	like   string
	ranges []string // the ranges that contain the address that is searched for
	err    error
}

// find reads rows of a table with a column search. ranged is the column of its range; empty: it has none.
func find[R, T any](s *search, order, ranged string, n noun, to func(R) (T, error)) []T {
	if s.err != nil {
		return nil
	}
	var out []T
	where := func(condition string, value any) *gorm.DB {
		return s.t.on(s.ctx).Where(condition, value).Order(order).Limit(vpn.SearchEach)
	}
	if ranged != "" && len(s.ranges) > 0 {
		out, s.err = readAll(where(ranged+" IN ?", s.ranges), n, to)
	} else {
		out, s.err = readAll(where(`search LIKE ? ESCAPE '\'`, s.like), n, to)
	}
	return out
}

// networks finds networks by what the list of networks is searched for, or those with a range that contains the address. The ranges
// of a network are a JSON list of texts.
func (s *search) networks() []vpn.Network {
	if len(s.ranges) == 0 {
		return find(s, "name_key, id", "", networkNoun, networkRow.network)
	}
	if s.err != nil {
		return nil
	}
	q, err := s.t.networksWith(s.ctx, s.ranges)
	if s.err = err; err != nil {
		return nil
	}
	var out []vpn.Network
	out, s.err = readAll(q.Order("name_key, id").Limit(vpn.SearchEach), networkNoun, networkRow.network)
	return out
}

// networksWith is a query of the networks that have one of some ranges.
func (t *Tx) networksWith(ctx context.Context, ranges []string) (*gorm.DB, error) {
	texts, err := t.networkRanges(ctx)
	if err != nil {
		return nil, err
	}
	with := slices.DeleteFunc(texts, func(text string) bool {
		return !slices.ContainsFunc(strings.Split(text, `"`), func(p string) bool { return slices.Contains(ranges, p) })
	})
	return t.on(ctx).Where("cidrs IN ?", with[:min(batch, len(with))]), nil
}

// rangesOf are the texts of the ranges that contain an address that was typed; none where it is no IPv4 address.
func rangesOf(typed string) (out []string) {
	for _, p := range vpn.PrefixesOf(typed) {
		out = append(out, marshalText(p))
	}
	return out
}

func (s *search) users(r *vpn.SearchResult, text string) {
	if s.err == nil {
		q := s.t.on(s.ctx).Where(`name_key LIKE ? ESCAPE '\' OR id = ?`, s.like, clean(text)).Order("signed_in_at DESC, number DESC").Limit(vpn.SearchEach)
		r.Users, s.err = readAll(q, userNoun, userRow.user)
	}
	if s.err == nil {
		var groups vpn.Page[vpn.UserGroup]
		groups, s.err = s.t.VPNGroups(s.ctx, vpn.List{Search: text, Size: vpn.SearchEach})
		r.Groups = groups.Items
	}
}

func (s *search) connections(r *vpn.SearchResult, text string) {
	if s.err != nil {
		return
	}
	var rows []connectionRow
	s.err = connectionNoun.read(s.t.on(s.ctx).Where(unended+` AND search LIKE ? ESCAPE '\'`, s.like).Order("established_at DESC, number DESC").Limit(vpn.SearchEach).Find(&rows).Error, "")
	if s.err == nil && len(rows) == 0 && vpn.ConnectionID(text).Valid() {
		s.err = connectionNoun.read(s.t.on(s.ctx).Where("id = ?", clean(text)).Find(&rows).Error, "")
	}
	if s.err == nil {
		r.Connections, s.err = mapRows(rows, connectionNoun, connectionRow.connection)
	}
}

// nameEndpoints reads the names of the endpoints of what was found.
func (s *search) nameEndpoints(r *vpn.SearchResult) {
	var ids []vpn.EndpointID
	add := func(id vpn.EndpointID) {
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	for _, x := range r.Rules {
		add(x.Endpoint)
	}
	for _, x := range r.Routes {
		add(x.Endpoint)
	}
	for _, x := range r.Connections {
		add(x.Endpoint)
	}
	if s.err != nil || len(ids) == 0 {
		return
	}
	r.EndpointNames, s.err = s.t.EndpointNames(s.ctx, ids...)
}
