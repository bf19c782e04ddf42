package store

import (
	"context"
	"slices"

	"gorm.io/gorm/clause"

	"sallyport/vpn"
)

var probeNoun = noun{
	what: "test of subnet", code: vpn.CodeSubnetNotFound,
	dangling: "The subnet that was tested no longer exists.",
}

// probeRow is the last test of a subnet.
type probeRow struct {
	Subnet string `gorm:"column:subnet_id;primaryKey"`
	Result string `gorm:"column:result"`
}

func (probeRow) TableName() string { return "probe" }

func (r probeRow) probe() (p vpn.Probe, err error) {
	var d decoder
	d.json(r.Result, &p)
	p.Subnet = vpn.SubnetID(r.Subnet)
	return p, d.err
}

// SaveProbe keeps the last test of each subnet.
func (t *Tx) SaveProbe(ctx context.Context, p vpn.Probe) error {
	p.By = clean(p.By)
	result, err := encodeJSON(p)
	if err != nil {
		return err
	}
	row := probeRow{Subnet: string(p.Subnet), Result: result}
	onConflict := clause.OnConflict{Columns: []clause.Column{{Name: "subnet_id"}}, DoUpdates: clause.AssignmentColumns([]string{"result"})}
	return probeNoun.wrote(t.on(ctx).Clauses(onConflict).Create(&row), row.Subnet)
}

// Probes reads the last tests of subnets; those that were never tested are absent.
func (t *Tx) Probes(ctx context.Context, ids ...vpn.SubnetID) (map[vpn.SubnetID]vpn.Probe, error) {
	out := map[vpn.SubnetID]vpn.Probe{}
	for part := range slices.Chunk(idStrings(ids), batch) {
		list, err := readAll(t.on(ctx).Where("subnet_id IN ?", part), probeNoun, probeRow.probe)
		if err != nil {
			return nil, err
		}
		for _, p := range list {
			out[p.Subnet] = p
		}
	}
	return out, nil
}
