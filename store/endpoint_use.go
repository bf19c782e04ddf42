package store

import (
	"context"

	"sallyport/vpn"
)

// EndpointsUsing lists the endpoints that use each certificate, as server certificate or as client
// authority.
func (t *Tx) EndpointsUsing(ctx context.Context, ids ...vpn.CertificateID) (map[vpn.CertificateID][]vpn.EndpointID, error) {
	using := make(map[vpn.CertificateID][]vpn.EndpointID)
	if len(ids) == 0 {
		return using, nil
	}
	var rows []endpointRow
	err := t.on(ctx).Select("id", "certificate_id", "client_ca_id").
		Where("certificate_id IN ? OR client_ca_id IN ?", plain(ids), plain(ids)).Order("id").Find(&rows).Error
	if err != nil {
		return nil, endpointNoun.read(err, "")
	}
	wanted := make(map[vpn.CertificateID]bool, len(ids))
	for _, id := range ids {
		wanted[id] = true
	}
	for _, r := range rows {
		server, client := vpn.CertificateID(r.Certificate), vpn.CertificateID(r.ClientCA)
		if wanted[server] {
			using[server] = append(using[server], vpn.EndpointID(r.ID))
		}
		if wanted[client] && client != server {
			using[client] = append(using[client], vpn.EndpointID(r.ID))
		}
	}
	return using, nil
}
