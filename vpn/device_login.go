package vpn

var (
	errDeviceUnknown = Refuse(Denied, CodeDeviceNotAccepted, "Your device's certificate is not known to this VPN any more. Make a new configuration file in the self-service portal.")
	errDeviceAlone   = Refuse(Denied, CodeDeviceNotAccepted, "This VPN endpoint does not take the certificates of devices from the self-service portal. Ask your administrator for a certificate of your own.")
	errDevicePlace   = Refuse(Denied, CodeDeviceNotAccepted, "This configuration file was made for another VPN endpoint. Make one for this endpoint in the self-service portal, or ask your administrator.")
	errDeviceRevoked = Refuse(Denied, CodeDeviceRevoked, "The certificate of this device was revoked. Make a new configuration file in the self-service portal.")
	errDeviceOfOther = Refuse(Denied, CodeDeviceOfOther, "This configuration file belongs to another user. Download your own in the self-service portal.")
)

// DeviceNamed is the device whose certificate has a common name; false for other names. The form is reserved: an
// authority that is not ours may use it all the same, and its certificates are then those of no known device.
func DeviceNamed(commonName string) (DeviceID, bool) {
	id := DeviceID(commonName)
	return id, id.Valid()
}

// Devices are those whose certificates logins may have, by ID.
type Devices map[DeviceID]Device

// Judge refuses a login with the certificate of a device, for every user: the device is not known, or revoked, or nothing
// but the certificate would prove the user, or it was issued for another endpoint: endpoints may share an authority, and the portal
// of one gives no certificates for another, whose administrators hand them out. Nil for other certificates. The login is one of Authorities.Verify.
func (ds Devices) Judge(e Endpoint, r LoginRequest) *Error {
	id, ok := DeviceNamed(r.CommonName)
	if !ok || e.UserBased() && !e.Mutual() {
		return nil
	}
	d, known := ds[id]
	switch {
	case !known || d.Serial != r.Serial || r.IssuerKey != "" && r.IssuerKey != d.IssuerKey:
		return errDeviceUnknown
	case !d.RevokedAt.IsZero():
		return errDeviceRevoked
	case !e.UserBased(): // a user makes these certificates without an administrator, for use besides the sign-in
		return errDeviceAlone
	case d.Endpoint != e.ID:
		return errDevicePlace
	}
	return nil
}

// Refuse is Judge with the user whom the login proves: the certificate of a device serves its own user alone. A session is
// bound to its certificate, so a client that returns is its user's.
func (ds Devices) Refuse(e Endpoint, r LoginRequest, proof Proof) *Error {
	if refused := ds.Judge(e, r); refused != nil {
		return refused
	}
	id, ok := DeviceNamed(r.CommonName)
	if !ok || !e.Mutual() || r.Returns || UserOf(e, r, proof).Ref() == ds[id].UserRef {
		return nil
	}
	return errDeviceOfOther
}
