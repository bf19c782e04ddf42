package certificate

import (
	"context"
	"time"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// RevokeIn revokes a certificate of an authority whose list is made here, and ends the connections and sessions with it. It returns the
// number of connections. The list is signed afterwards: by the caller, or by housekeeping within a minute. A certificate
// that is revoked already is revoked for the new reason; the reason of one that is not on hold does not become a hold. It is a Conflict where
// the list was imported: only an administrator who was told makes it one of this program (takeOver).
func RevokeIn(ctx context.Context, tx *store.Tx, revoked vpn.Revocation) (int, error) {
	if revoked.IssuerKey == "" || revoked.Serial == "" {
		return 0, vpn.Refuse(vpn.Conflict, vpn.CodeIncorrectState, "It is not known which authority issued this certificate. Block it instead.")
	}
	list, err := ownList(ctx, tx, revoked.IssuerKey)
	if err != nil {
		return 0, err
	}
	if list.Imported {
		return 0, vpn.Refuse(vpn.Conflict, vpn.CodeIncorrectState, "The revocation list of "+list.Authority+" was imported. Revoke the certificate where the list is made, and import the new list.")
	}
	switch present, err := tx.Revocation(ctx, revoked.CertificateNumber); {
	case vpn.KindOf(err) == vpn.NotFound:
		list.Entries++
	case err != nil:
		return 0, err
	case revoked.Hold() || !present.Hold():
		return 0, vpn.Refuse(vpn.Conflict, vpn.CodeIncorrectState, "The certificate is revoked already.")
	}
	list.Unsigned, list.SavedAt, list.SavedBy = true, revoked.At, revoked.By
	if err := tx.SaveRevocationList(ctx, list, nil); err != nil { // its entries need it
		return 0, err
	}
	if err := tx.SaveRevocations(ctx, revoked); err != nil {
		return 0, err
	}
	return endRevoked(ctx, tx, revoked.At, revoked.Serial)
}

// ownList reads the list of an authority, or begins one. It has the highest number that a list of the authority ever had.
func ownList(ctx context.Context, tx *store.Tx, issuerKey string) (vpn.RevocationList, error) {
	list, err := tx.RevocationList(ctx, issuerKey)
	if vpn.KindOf(err) == vpn.NotFound {
		list, err = vpn.RevocationList{IssuerKey: issuerKey}, nil
	}
	if err != nil {
		return list, err
	}
	former, err := tx.FormerList(ctx, issuerKey)
	list.Number = vpn.HigherListNumber(list.Number, former.Number)
	return list, err
}

// takeOver makes an imported list one that is made here. What is on it stays.
func takeOver(ctx context.Context, tx *store.Tx, list vpn.RevocationList, by string, now time.Time) error {
	added, err := addDevices(ctx, tx, list.IssuerKey)
	if err != nil {
		return err
	}
	list.Imported, list.Unsigned, list.SavedAt, list.SavedBy = false, true, now, by
	list.Entries += added
	return tx.SaveRevocationList(ctx, list, nil)
}

// addDevices puts the certificates of devices on the list of their authority that were revoked while none was made here, and returns their
// number.
func addDevices(ctx context.Context, tx *store.Tx, issuerKey string) (int, error) {
	devices, err := tx.RevokedDevicesOf(ctx, issuerKey)
	if err != nil {
		return 0, err
	}
	numbers := make([]vpn.CertificateNumber, len(devices))
	for i, d := range devices {
		numbers[i] = d.Revocation().CertificateNumber
	}
	present, err := tx.RevocationsOf(ctx, numbers...)
	if err != nil {
		return 0, err
	}
	listed := make(map[vpn.CertificateNumber]bool, len(present.Entries))
	for _, r := range present.Entries {
		listed[r.CertificateNumber] = true
	}
	var missing []vpn.Revocation
	for i, d := range devices {
		if !listed[numbers[i]] {
			missing = append(missing, d.Revocation())
		}
	}
	return len(missing), tx.SaveRevocations(ctx, missing...)
}

// EndRevoked ends the connections and sessions of every certificate that a list revokes. It is for what a login and a revocation
// at the same time, or a process that was killed, may have left.
func EndRevoked(ctx context.Context, tx *store.Tx, now time.Time) error {
	_, err := endRevoked(ctx, tx, now)
	return err
}

// AnyRevoked tells whether EndRevoked has something to end. It only reads.
func AnyRevoked(ctx context.Context, tx *store.Tx, now time.Time) (bool, error) {
	connections, sessions, revoked, err := revokedNow(ctx, tx, now)
	for _, c := range connections {
		if _, _, found := revoked.Find(c.Chain()); found && c.Status != vpn.ConnectionTerminating && c.Status != vpn.ConnectionFailedToTerminate {
			return true, err
		}
	}
	for _, s := range sessions {
		if _, _, found := revoked.Find(s.Chain()); found {
			return true, err
		}
	}
	return false, err
}

// revokedNow reads the connections and sessions that a revocation may be about, and the revocations that may be about them.
func revokedNow(ctx context.Context, tx *store.Tx, now time.Time, serials ...string) ([]vpn.Connection, []vpn.Session, vpn.Revocations, error) {
	connections, err := tx.LiveConnectionsListed(ctx, serials...)
	if err != nil {
		return nil, nil, vpn.Revocations{}, err
	}
	sessions, err := tx.VPNSessionsListed(ctx, now, serials...)
	if err != nil {
		return nil, nil, vpn.Revocations{}, err
	}
	var certs []vpn.CertificateNumber
	for _, c := range connections {
		certs = append(certs, c.Chain()...)
	}
	for _, s := range sessions {
		certs = append(certs, s.Chain()...)
	}
	revoked, err := tx.RevocationsOf(ctx, certs...)
	return connections, sessions, revoked, err
}

// endRevoked ends the connections and sessions of certificates that are revoked: those with the serial numbers or, without them, all. It
// returns the number of connections that were live.
func endRevoked(ctx context.Context, tx *store.Tx, now time.Time, serials ...string) (int, error) {
	connections, sessions, revoked, err := revokedNow(ctx, tx, now, serials...)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, c := range connections {
		entry, above, found := revoked.Find(c.Chain())
		if !found || c.Status == vpn.ConnectionTerminating || c.Status == vpn.ConnectionFailedToTerminate {
			continue // the latter are ended until their end is reported
		}
		if c.Live() {
			n++
		}
		c.Status, c.EndReason = vpn.ConnectionTerminating, entry.EndReason(above)
		if err := tx.SaveConnection(ctx, c); err != nil {
			return 0, err
		}
	}
	for _, s := range sessions {
		entry, above, found := revoked.Find(s.Chain())
		if !found {
			continue
		}
		s.End(control.NotBefore(now, s.StartedAt), entry.EndReason(above))
		if err := tx.SaveVPNSession(ctx, s); err != nil {
			return 0, err
		}
	}
	return n, nil
}
