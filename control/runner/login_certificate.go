package runner

import (
	"context"
	"maps"
	"slices"

	"sallyport/vpn"
)

// noteCertificates writes when the certificates of the granted logins were last used, and where.
func (b *batch) noteCertificates(ctx context.Context) error {
	used := map[vpn.EndpointID][]string{}
	for _, c := range b.connections {
		if c.Fingerprint != "" {
			used[c.Endpoint] = append(used[c.Endpoint], c.Fingerprint)
		}
	}
	for _, endpoint := range slices.Sorted(maps.Keys(used)) {
		if err := b.tx.NoteCertificateLogins(ctx, b.core.Now(), endpoint, used[endpoint]...); err != nil {
			return err
		}
	}
	return nil
}
