package device

import (
	"context"
	"encoding/pem"
	"time"

	"sallyport/control"
	"sallyport/control/endpoint"
	"sallyport/control/portal"
	"sallyport/store"
	"sallyport/vpn"
)

var errRemoved = vpn.Refuse(vpn.Conflict, vpn.CodeIncorrectState, "This device was removed. Add it again.")

var errChanged = vpn.Refuse(vpn.Conflict, vpn.CodeIncorrectState, "The endpoint changed meanwhile. Try again.")

// Request is a device as its user asks for it.
type Request struct {
	Endpoint vpn.EndpointID
	Name     string
	// CommandLine has the file made for the command line of OpenVPN, where users sign in in the browser.
	CommandLine bool
}

// Make issues a certificate for a device of the user who asks, and gives the device's configuration file. The private key is in the
// file alone: it is not stored, and the file cannot be made again. Fields: name. vpn.ErrPortalClosed where the endpoint is not for the
// user or takes no devices.
func (s *Service) Make(ctx context.Context, u portal.User, in Request) (endpoint.Configuration, vpn.Device, error) {
	return s.make(ctx, u, in.Endpoint, vpn.DeviceRequest{Name: in.Name}, in.CommandLine)
}

// Renew makes a new file for a device of the user who asks. The certificate that the device has is revoked when the new one first
// connects, or at once where it was never used. NotFound where the device is another user's. Fields: name.
func (s *Service) Renew(ctx context.Context, u portal.User, id vpn.DeviceID, commandLine bool) (endpoint.Configuration, vpn.Device, error) {
	var d vpn.Device
	replaces := id
	err := s.core.Read(ctx, u.Principal, vpn.MakeOwnDevice, string(id), func(tx *store.Tx) (err error) {
		if d, err = tx.DeviceOf(ctx, u.Session.UserRef, id); err != nil || d.Replaces == "" || !d.UsedAt.IsZero() {
			return err
		}
		if used, err := tx.DeviceOf(ctx, u.Session.UserRef, d.Replaces); err == nil && used.RevokedAt.IsZero() {
			replaces = used.ID // which the file that is replaced was to replace
		} else if err != nil && vpn.KindOf(err) != vpn.NotFound {
			return err
		}
		return nil
	})
	if err == nil && !d.RevokedAt.IsZero() {
		err = errRemoved
	}
	if err != nil {
		return endpoint.Configuration{}, vpn.Device{}, err
	}
	return s.make(ctx, u, d.Endpoint, vpn.DeviceRequest{Name: d.Name, Replaces: replaces}, commandLine)
}

func (s *Service) make(ctx context.Context, u portal.User, id vpn.EndpointID, in vpn.DeviceRequest, commandLine bool) (endpoint.Configuration, vpn.Device, error) {
	none := endpoint.Configuration{}
	d := vpn.Device{ID: vpn.NewDeviceID(), UserRef: u.Session.UserRef, UserName: u.Name, Endpoint: id, Replaces: in.Replaces, CreatedAt: s.core.Now()}
	var signer vpn.KeyPair
	var days int
	var authority vpn.Certificate
	err := s.core.Read(ctx, u.Principal, vpn.MakeOwnDevice, string(id), func(tx *store.Tx) (err error) {
		if authority, d.Name, days, err = s.check(ctx, tx, u, id, in); err != nil {
			return err
		}
		signer = vpn.KeyPair{Certificate: authority.PEM, Chain: authority.Chain}
		signer.Key, err = tx.CertificateKey(ctx, authority.ID)
		return err
	})
	if err != nil {
		return none, d, err
	}
	pair, err := s.PKI.Issue(signer, vpn.UseClient, vpn.DeviceCertificate(d.ID, authority, days, s.core.Now()), s.core.Now())
	if err != nil {
		return none, d, err
	}
	facts, err := s.PKI.Facts(pair.Certificate)
	if err != nil {
		return none, d, err
	}
	d.Authority, d.Serial, d.Fingerprint, d.NotBefore, d.NotAfter = authority.ID, facts.Serial, vpn.BareFingerprint(facts.Fingerprint), facts.NotBefore, facts.NotAfter
	if block, _ := pem.Decode([]byte(authority.PEM)); block != nil {
		d.IssuerKey = vpn.KeyDigest(block.Bytes)
	}
	file, revision, err := s.Files.DeviceFile(ctx, id, vpn.ProfileClient{Name: d.FileBase(), Certificate: pair.Certificate, Key: pair.Key}, commandLine)
	if err != nil {
		return none, d, err
	}
	d.Revision = revision
	err = s.core.Change(ctx, u.Principal, vpn.MakeOwnDevice, string(d.ID), func(tx *store.Tx, a *vpn.AuditRecord) error {
		a.After = control.Describe(d)
		return s.keep(ctx, tx, u, in, d)
	})
	if err != nil {
		return none, d, err
	}
	return file, d, nil
}

// check tells whether the user may have one more device at an endpoint, and gives what its certificate is made with.
func (s *Service) check(ctx context.Context, tx *store.Tx, u portal.User, id vpn.EndpointID, in vpn.DeviceRequest) (authority vpn.Certificate, name string, days int, err error) {
	found, err := tx.EndpointsByID(ctx, id)
	if err != nil {
		return authority, "", 0, err
	}
	if e := found[id]; u.Accepts(e) {
		var ok bool
		if authority, ok, err = endpoint.DeviceAuthority(ctx, tx, e, s.core.Now()); err != nil {
			return authority, "", 0, err
		} else if !ok {
			return authority, "", 0, vpn.ErrPortalClosed
		}
	} else {
		return authority, "", 0, vpn.ErrPortalClosed
	}
	deployment, err := s.core.Deployment(ctx, tx)
	if err != nil {
		return authority, "", 0, err
	}
	devices, err := tx.DevicesOf(ctx, u.Session.UserRef)
	if err != nil {
		return authority, "", 0, err
	}
	name, err = in.Check(devices, deployment.Devices, s.core.Now())
	return authority, name, deployment.DeviceDays, err
}

// keep stores the device, unless what was checked before its certificate was made does not hold any more.
func (s *Service) keep(ctx context.Context, tx *store.Tx, u portal.User, in vpn.DeviceRequest, d vpn.Device) error {
	authority, _, _, err := s.check(ctx, tx, u, d.Endpoint, in)
	if err == nil && authority.ID != d.Authority {
		err = errChanged
	}
	if err != nil {
		return err
	}
	if err := s.replaceUnused(ctx, tx, u, d); err != nil {
		return err
	}
	if err := tx.CreateDevice(ctx, d); err != nil {
		return err
	}
	return portal.NoteOffer(ctx, tx, d.Endpoint, d.Revision, d.CreatedAt)
}

// NoteFetched notes that the file of a device has gone to the user's browser whole, and counts it
// (guide, "CloudWatch metrics", SelfServicePortalClientConfigurationDownloads).
func (s *Service) NoteFetched(ctx context.Context, u portal.User, d vpn.Device) error {
	if err := u.May(vpn.MakeOwnDevice, string(d.ID)); err != nil {
		return err
	}
	download := vpn.ProfileDownload{Endpoint: d.Endpoint, Revision: d.Revision, Certificate: vpn.CertificateID(d.ID), By: u.Name, User: u.Session.UserRef, At: s.core.Now()}
	return s.core.Update(ctx, func(tx *store.Tx) error { return portal.NoteDownload(ctx, tx, download) })
}

// replaceUnused revokes what a new file of a device replaces at once: certificates that never connected. One that did works until
// the new one connects.
func (s *Service) replaceUnused(ctx context.Context, tx *store.Tx, u portal.User, d vpn.Device) error {
	if d.Replaces == "" {
		return nil
	}
	devices, err := tx.DevicesOf(ctx, u.Session.UserRef)
	if err != nil {
		return err
	}
	for _, old := range devices {
		if (old.ID == d.Replaces || old.Replaces == d.Replaces) && old.UsedAt.IsZero() {
			if err := End(ctx, tx, &old, u.Name, vpn.DeviceReplaced, s.core.Now()); err != nil {
				return err
			}
		}
	}
	return nil
}

// Replace revokes the device whose file the first login with another one replaces, in the transaction of that login. It gives
// the revoked device; the zero value: there is none.
func Replace(ctx context.Context, tx *store.Tx, by vpn.Device, now time.Time) (vpn.Device, error) {
	old, err := tx.DeviceOf(ctx, by.UserRef, by.Replaces)
	if vpn.KindOf(err) == vpn.NotFound || err == nil && !old.RevokedAt.IsZero() {
		return vpn.Device{}, nil
	}
	if err == nil {
		err = End(ctx, tx, &old, by.UserName, vpn.DeviceReplaced, now)
	}
	return old, err
}
