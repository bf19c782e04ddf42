package store

import (
	"context"
	"time"

	"sallyport/vpn"
)

// AuthorityUse is who comes to an endpoint by certificates of one authority.
type AuthorityUse struct {
	Live   int // connections now
	Logins int // sessions that began since a time
}

// AuthorityUse counts who comes to an endpoint by certificates that the authority with a key issued. Sessions
// are kept for two weeks after their end: since is not longer ago.
func (t *Tx) AuthorityUse(ctx context.Context, id vpn.EndpointID, issuerKey string, since time.Time) (AuthorityUse, error) {
	var connected, logins int64
	q := t.on(ctx).Model(&connectionRow{}).Where(live+" AND endpoint_id = ? AND status IN ? AND issuer_key = ?", string(id), carrying, issuerKey)
	if err := q.Count(&connected).Error; err != nil {
		return AuthorityUse{}, connectionNoun.read(err, string(id))
	}
	q = t.on(ctx).Model(&vpnSessionRow{}).Where("endpoint_id = ? AND issuer_key = ? AND started_at >= ?", string(id), issuerKey, micros(since))
	err := q.Count(&logins).Error
	return AuthorityUse{Live: int(connected), Logins: int(logins)}, vpnSessionNoun.read(err, string(id))
}

// VPNSessionsOfIssuer lists the VPN sessions of an endpoint that have not ended and whose certificates the authority with a key issued.
func (t *Tx) VPNSessionsOfIssuer(ctx context.Context, id vpn.EndpointID, issuerKey string) ([]vpn.Session, error) {
	return readAll(t.on(ctx).Where("endpoint_id = ? AND ended_at = 0 AND issuer_key = ?", string(id), issuerKey).Order("id"), vpnSessionNoun, vpnSessionRow.session)
}

// KeepDownloads has the recorded files of an endpoint of one revision be of another one, except those with a certificate that
// the given authority issued, or that its certificate stands for.
func (t *Tx) KeepDownloads(ctx context.Context, id vpn.EndpointID, from, to string, except vpn.CertificateID) error {
	const issued = "certificate_id IN (SELECT c.id FROM certificate c WHERE c.authority_id = ? OR c.authority_id = (SELECT a.authority_id FROM certificate a WHERE a.id = ? AND a.authority_id IS NOT NULL))"
	g := t.on(ctx).Model(&downloadRow{}).Where("endpoint_id = ? AND revision = ? AND NOT ("+issued+")", string(id), from, string(except), string(except)).Update("revision", to)
	return downloadNoun.read(g.Error, string(id))
}
