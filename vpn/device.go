package vpn

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// Device is a device of a VPN user with a client certificate of its own, which the self-service portal issued into the
// device's configuration file. The private key is in that file alone.
type Device struct {
	ID DeviceID // and the common name of the certificate
	UserRef
	UserName    string // as of the issue
	Endpoint    EndpointID
	Name        string        // what its user calls it
	Authority   CertificateID // which issued the certificate
	Serial      string        // of the certificate, decimal
	Fingerprint string        // SHA-256 of it, as BareFingerprint
	IssuerKey   string        // KeyDigest of the authority
	NotBefore   time.Time
	NotAfter    time.Time
	Revision    string   // of the configuration file
	Replaces    DeviceID // is revoked when this one first connects; empty: none
	CreatedAt   time.Time
	UsedAt      time.Time // the last login that was granted, up to a minute; zero: none was
	RevokedAt   time.Time // zero: not revoked
	RevokedBy   string
	RevokedWhy  DeviceEnd
}

// DeviceEnd is why the certificate of a device was revoked.
type DeviceEnd string

// The reasons, as lists show them.
const (
	DeviceRemoved  DeviceEnd = "removed by its user"
	DeviceRevoked  DeviceEnd = "revoked by an administrator"
	DeviceReplaced DeviceEnd = "replaced by a new file"
)

// DeviceState is the state of a device's certificate.
type DeviceState string

// The states.
const (
	DeviceValid       DeviceState = "valid"
	DeviceExpiresSoon DeviceState = "expires soon"
	DeviceExpired     DeviceState = "expired"
	DeviceIsRevoked   DeviceState = "revoked"
)

// State is the state of the certificate at a time.
func (d Device) State(now time.Time) DeviceState {
	switch {
	case !d.RevokedAt.IsZero():
		return DeviceIsRevoked
	case !now.Before(d.NotAfter):
		return DeviceExpired
	case d.NotAfter.Sub(now) <= ExpiryWarning:
		return DeviceExpiresSoon
	default:
		return DeviceValid
	}
}

// Live tells whether a client can connect with the certificate.
func (d Device) Live(now time.Time) bool { return d.RevokedAt.IsZero() && now.Before(d.NotAfter) }

// Notice is the stage of the notice that the certificate ends (ExpiryStage); 0: there is none, or the certificate is not live.
func (d Device) Notice(now time.Time) int {
	if !d.Live(now) {
		return 0
	}
	return max(0, ExpiryStage(d.NotAfter, now))
}

// Revoke ends the certificate. One that is revoked stays as it is.
func (d *Device) Revoke(by string, why DeviceEnd, now time.Time) {
	if d.RevokedAt.IsZero() {
		d.RevokedAt, d.RevokedBy, d.RevokedWhy = now, by, why
	}
}

// EndReason is why connections with the certificate end, for lists of connections.
func (d Device) EndReason() string {
	switch d.RevokedWhy {
	case DeviceRevoked:
		return "The certificate of device " + string(d.ID) + " was revoked by administrator " + d.RevokedBy + "."
	case DeviceReplaced:
		return "The certificate of device " + string(d.ID) + " was replaced by a new one."
	default:
		return "The certificate of device " + string(d.ID) + " was revoked by its user."
	}
}

// Block is what finds the logins with the certificate.
func (d Device) Block() CertificateBlock {
	return CertificateBlock{Fingerprint: d.Fingerprint, Serial: d.Serial, IssuerKey: d.IssuerKey, CommonName: string(d.ID)}
}

// Revocation is the entry of a revoked device in the revocation list of its authority.
func (d Device) Revocation() Revocation {
	reason := map[DeviceEnd]RevocationReason{DeviceRemoved: ReasonCessation, DeviceReplaced: ReasonSuperseded}[d.RevokedWhy]
	if reason == "" {
		reason = ReasonPrivilegeWithdrawn
	}
	return Revocation{
		CertificateNumber: CertificateNumber{IssuerKey: d.IssuerKey, Serial: d.Serial}, Reason: reason,
		At: d.RevokedAt, By: d.RevokedBy, CommonName: string(d.ID), NotAfter: d.NotAfter,
	}
}

// FileBase is the device's part in the name of its configuration file.
func (d Device) FileBase() string {
	return Certificate{CommonName: d.Name, ID: CertificateID(d.ID)}.FileBase()
}

// How many devices a user may make.
const (
	maxDeviceName    = 40 // characters
	deviceFilesDaily = 20 // revoked ones too: they fill lists
)

// DeviceRequest is one more device of a user, as typed.
type DeviceRequest struct {
	Name     string
	Replaces DeviceID // a device of the user that gets a new file; its name and endpoint stay
}

// Check tells whether a user may have the device besides the devices that were made within the last day or are live. It gives the
// name. Fields: name.
func (r DeviceRequest) Check(devices []Device, limit int, now time.Time) (name string, err error) {
	var c Check
	name = strings.TrimSpace(r.Name)
	switch n := utf8.RuneCountInString(name); {
	case name == "":
		c.Bad("name", "Enter a name by which you know the device.")
	case n > maxDeviceName:
		c.Bad("name", fmt.Sprintf("The name has %d characters; at most %d are possible.", n, maxDeviceName))
	case !isPrintable(name):
		c.Bad("name", "The name is one line of printable text.")
	}
	replaced := map[DeviceID]bool{r.Replaces: true}
	made := 0
	for _, d := range devices {
		if d.Live(now) {
			replaced[d.Replaces] = true
		}
		if now.Sub(d.CreatedAt) < day {
			made++
		}
	}
	live := 0
	for _, d := range devices {
		if !d.Live(now) || replaced[d.ID] || d.Replaces != "" && d.Replaces == r.Replaces {
			continue
		}
		live++
		if strings.EqualFold(d.Name, name) {
			c.Bad("name", "You have a device of this name. Choose another name, or renew that device.")
		}
	}
	switch {
	case limit == 0:
		c.Bad("name", "Devices are not made in the self-service portal. Ask your administrator for the complete file with your certificate.")
	case live >= limit:
		c.Bad("name", fmt.Sprintf("You have %d devices, and at most %d are possible. Remove one that you no longer use, or ask your administrator.", live, limit))
	case made >= deviceFilesDaily:
		c.Bad("name", fmt.Sprintf("You made %d device files within a day, which is the limit. Try again tomorrow.", made))
	}
	return name, c.Err()
}

// CountDevices counts the devices of a user that count towards the limit: one with a new file that has not connected yet is one.
func CountDevices(devices []Device, now time.Time) int {
	replaced := map[DeviceID]bool{}
	for _, d := range devices {
		if d.Live(now) {
			replaced[d.Replaces] = true
		}
	}
	n := 0
	for _, d := range devices {
		if d.Live(now) && !replaced[d.ID] {
			n++
		}
	}
	return n
}

// DeviceCertificate is the specification of a device's certificate: it ends with its authority at the latest.
func DeviceCertificate(id DeviceID, authority Certificate, days int, now time.Time) CertificateSpec {
	return CertificateSpec{CommonName: string(id), KeyType: ECDSAP256, ValidFor: min(time.Duration(days)*day, authority.NotAfter.Sub(now))}
}
