package runner

import (
	"context"
	"time"

	"sallyport/control/device"
	"sallyport/store"
	"sallyport/vpn"
)

// useEvery bounds how often the last use of a device is written.
const useEvery = time.Minute

// devicesOf reads the devices whose certificates the logins have. The common name tells which: other certificates cost nothing.
func devicesOf(ctx context.Context, tx *store.Tx, ls []login) (vpn.Devices, error) {
	var ids []vpn.DeviceID
	for _, l := range ls {
		if id, ok := vpn.DeviceNamed(l.CommonName); ok {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	return tx.DevicesByID(ctx, ids...)
}

// useDevice notes that a login with the certificate of a device is granted. The first one revokes the certificate that it
// replaces.
func (b *batch) useDevice(ctx context.Context, at *loginContext, r vpn.LoginRequest) error {
	id, ok := vpn.DeviceNamed(r.CommonName)
	d, known := b.devices[id]
	if !ok || !known || !at.endpoint.Mutual() || b.core.Now().Sub(d.UsedAt) < useEvery {
		return nil
	}
	if d.UsedAt.IsZero() && d.Replaces != "" {
		ended, err := device.Replace(ctx, b.tx, d, b.core.Now())
		if err != nil {
			return err
		}
		if ended.ID != "" {
			b.devices[ended.ID] = ended
			b.core.Nudge() // after a second the reconciler looks again, should it be too early
		}
	}
	d.UsedAt = b.core.Now()
	b.devices[id] = d
	b.used = append(b.used, id)
	return nil
}
