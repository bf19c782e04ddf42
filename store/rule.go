package store

import (
	"context"
	"slices"

	"sallyport/vpn"
)

var ruleNoun = noun{
	what: "authorization rule", code: vpn.CodeRuleNotFound,
	taken:    "The endpoint already has an authorization rule for this destination and group.",
	dangling: "The endpoint of this authorization rule no longer exists.",
}

type ruleRow struct {
	ID          string `gorm:"column:id;primaryKey"`
	Endpoint    string `gorm:"column:endpoint_id"`
	Destination string `gorm:"column:destination"`
	First       int64  `gorm:"column:destination_first"`
	Bits        int64  `gorm:"column:destination_bits"`
	AllUsers    bool   `gorm:"column:all_users"`
	Group       string `gorm:"column:group_id"`
	GroupKey    string `gorm:"column:group_key"`
	Description string `gorm:"column:description"`
	Created     int64  `gorm:"column:created_at"`
	Added       int64  `gorm:"column:added"`
	Removed     int64  `gorm:"column:removed"`
	Search      string `gorm:"column:search"`
}

func (ruleRow) TableName() string { return "rule" }

func newRuleRow(r vpn.Rule) ruleRow {
	return ruleRow{
		ID: string(r.ID), Endpoint: string(r.Endpoint), Destination: marshalText(r.Destination),
		First: sortNumber(r.Destination.Addr()), Bits: int64(r.Destination.Bits()), AllUsers: r.AllUsers,
		Group: r.Group, GroupKey: fold(r.Group), Description: r.Description, Created: micros(r.CreatedAt),
		Added: int64(r.Added), Removed: int64(r.Removed), Search: searchable(marshalText(r.Destination), r.Group, r.Description),
	}
}

func (r ruleRow) rule() (vpn.Rule, error) {
	var d decoder
	return vpn.Rule{
		ID: vpn.RuleID(r.ID), Endpoint: vpn.EndpointID(r.Endpoint), Destination: d.prefix(r.Destination), AllUsers: r.AllUsers,
		Group: vpn.CanonicalGroup(r.Group), Description: r.Description, CreatedAt: instant(r.Created), Generations: generations(r.Added, r.Removed),
	}, d.err
}

// Rule reads one authorization rule.
func (t *Tx) Rule(ctx context.Context, id vpn.RuleID) (vpn.Rule, error) {
	row, err := readOne[ruleRow](t.on(ctx), ruleNoun, "id", string(id))
	if err != nil {
		return vpn.Rule{}, err
	}
	return row.rule()
}

// RulesOf lists all rules of endpoints, those of each endpoint by destination.
func (t *Tx) RulesOf(ctx context.Context, ids ...vpn.EndpointID) ([]vpn.Rule, error) {
	return readAllOf(t.on(ctx).Order("endpoint_id, destination_first, destination_bits, group_key, id"), "endpoint_id", ids, ruleNoun, ruleRow.rule)
}

// WideRulesOf lists those of the endpoints' rules whose destination has at most so many bits.
func (t *Tx) WideRulesOf(ctx context.Context, bits int, ids ...vpn.EndpointID) ([]vpn.Rule, error) {
	return readAllOf(t.on(ctx).Where("destination_bits <= ?", bits).Order("endpoint_id, destination_first, destination_bits, group_key, id"), "endpoint_id", ids, ruleNoun, ruleRow.rule)
}

var ruleList = listing{
	orders: map[string][]string{
		"destination": {"destination_first", "destination_bits", "group_key"},
		"group":       {"group_key", "destination_first", "destination_bits"},
		"created_at":  {"created_at"},
	},
	normal: "destination", tie: "id",
}

// Rules searches destination, group and description; sorts by destination (default, numerically),
// group and created_at.
func (t *Tx) Rules(ctx context.Context, id vpn.EndpointID, l vpn.List) (vpn.Page[vpn.Rule], error) {
	return readPage(t.on(ctx).Where("endpoint_id = ?", clean(string(id))), l, ruleList, ruleNoun, ruleRow.rule)
}

// CreateRule adds a rule.
func (t *Tx) CreateRule(ctx context.Context, r vpn.Rule) error {
	row := newRuleRow(r)
	return ruleNoun.wrote(t.on(ctx).Create(&row), row.ID)
}

// SaveRule writes the generations of a rule.
func (t *Tx) SaveRule(ctx context.Context, r vpn.Rule) error {
	row := newRuleRow(r)
	g := t.on(ctx).Model(&ruleRow{}).Where("id = ?", row.ID).Select("*").Omit("id", "endpoint_id", "created_at").Updates(&row)
	return ruleNoun.wrote(g, row.ID)
}

// RulesOfGroups lists the rules that name one of the groups, on the endpoints whose users are of an identity provider, without
// those that are being removed.
func (t *Tx) RulesOfGroups(ctx context.Context, provider vpn.ProviderID, groups ...string) ([]vpn.Rule, error) {
	endpoints := t.on(ctx).Model(&endpointRow{}).Select("id").Where("directory_id = ? OR saml_provider_id = ?", clean(string(provider)), clean(string(provider)))
	var out []vpn.Rule
	for part := range slices.Chunk(groups, batch) {
		found, err := readAll(t.on(ctx).Where("endpoint_id IN (?) AND removed = 0 AND group_id IN ?", endpoints, groupSpellings(part)).
			Order("endpoint_id, destination_first, destination_bits, id"), ruleNoun, ruleRow.rule)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	return out, nil
}
