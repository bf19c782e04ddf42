package store

import (
	"context"
	"time"

	"sallyport/vpn"
)

// IssuerUse is who comes to an endpoint by certificates with the same authorities above them.
type IssuerUse struct {
	IssuerKey string // as a connection has them
	Above     []vpn.CertificateNumber
	Live      int // connections now
	Logins    int // sessions that began since a time
}

// IssuerUses counts who comes to an endpoint, by the authorities above the certificates. Sessions are kept for two weeks after their end: since is
// not longer ago.
func (t *Tx) IssuerUses(ctx context.Context, id vpn.EndpointID, since time.Time) ([]IssuerUse, error) {
	type row struct {
		IssuerKey, Above string
		Number           int
	}
	const columns = "issuer_key, above, COUNT(*) AS number"
	var connections, sessions []row
	q := t.on(ctx).Model(&connectionRow{}).Select(columns).Where(live+" AND endpoint_id = ? AND status IN ?", string(id), carrying)
	if err := q.Group("issuer_key, above").Find(&connections).Error; err != nil {
		return nil, connectionNoun.read(err, string(id))
	}
	q = t.on(ctx).Model(&vpnSessionRow{}).Select(columns).Where("endpoint_id = ? AND started_at >= ?", string(id), micros(since))
	if err := q.Group("issuer_key, above").Find(&sessions).Error; err != nil {
		return nil, vpnSessionNoun.read(err, string(id))
	}
	var out []IssuerUse
	for _, r := range connections {
		out = append(out, IssuerUse{IssuerKey: r.IssuerKey, Above: decodeNumbers(r.Above), Live: r.Number})
	}
	for _, r := range sessions {
		out = append(out, IssuerUse{IssuerKey: r.IssuerKey, Above: decodeNumbers(r.Above), Logins: r.Number})
	}
	return out, nil
}

// VPNSessionsUnended lists the VPN sessions of an endpoint that were not ended.
func (t *Tx) VPNSessionsUnended(ctx context.Context, id vpn.EndpointID) ([]vpn.Session, error) {
	return readAll(t.on(ctx).Where("endpoint_id = ? AND ended_at = 0", string(id)).Order("id"), vpnSessionNoun, vpnSessionRow.session)
}

// KeepDownloads has the recorded files of an endpoint of one revision be of another one, except those with a certificate that
// the given authority issued, or that its certificate stands for.
func (t *Tx) KeepDownloads(ctx context.Context, id vpn.EndpointID, from, to string, except vpn.CertificateID) error {
	const issued = "certificate_id IN (SELECT c.id FROM certificate c WHERE c.authority_id = ? OR c.authority_id = (SELECT a.authority_id FROM certificate a WHERE a.id = ? AND a.authority_id IS NOT NULL))"
	g := t.on(ctx).Model(&downloadRow{}).Where("endpoint_id = ? AND revision = ? AND NOT ("+issued+")", string(id), from, string(except), string(except)).Update("revision", to)
	return downloadNoun.read(g.Error, string(id))
}
