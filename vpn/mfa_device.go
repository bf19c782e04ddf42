package vpn

import "time"

// MFADeviceID is "mfa-" and 17 hex digits.
type MFADeviceID string

const prefixMFADevice = "mfa-"

// NewMFADeviceID is random.
func NewMFADeviceID() MFADeviceID { return MFADeviceID(newID(prefixMFADevice)) }

// MFADevice is the authenticator of a user of a directory. Its key is kept apart, sealed.
type MFADevice struct {
	ID          MFADeviceID
	Directory   DirectoryID
	UserKey     string // ProviderUser.Key
	Username    string // as the directory spelt it at the registration
	UsedStep    int64  // the time step of the last code that was used; 0: none
	ConfirmedAt time.Time
	CreatedAt   time.Time
	CreatedBy   string

	SelfEnrolled bool // by the user, in the self-service portal
}

// Confirmed tells whether a code of the device was entered: before, it proves no login.
func (d MFADevice) Confirmed() bool { return !d.ConfirmedAt.IsZero() }

// UsedAt is when the last code was valid that was used; zero: none was.
func (d MFADevice) UsedAt() time.Time {
	if d.UsedStep == 0 {
		return time.Time{}
	}
	return time.Unix(d.UsedStep*int64(totpStep/time.Second), 0).UTC()
}

// NewMFADevice is a device that waits for its first code.
func NewMFADevice(directory DirectoryID, user ProviderUser, by string, now time.Time) MFADevice {
	return MFADevice{ID: NewMFADeviceID(), Directory: directory, UserKey: user.Key, Username: user.Name, CreatedAt: now, CreatedBy: by}
}

// MFACode is a right code of a device. The login that it lets in uses it up.
type MFACode struct {
	Device   MFADeviceID
	Step     int64  // its time step; 0: a recovery code stands for it
	Recovery string // digest of the recovery code
}

// Judge judges a code that was typed at a sign-in.
func (d MFADevice) Judge(key Secret, typed string, now time.Time) (MFACode, *Error) {
	step, ok := MatchTOTP(key, typed, now, d.UsedStep)
	if ok {
		return MFACode{Device: d.ID, Step: step}, nil
	}
	if _, used := MatchTOTP(key, typed, now, 0); used {
		return MFACode{}, ErrMFACodeUsed
	}
	return MFACode{}, ErrMFACodeWrong
}

// Confirm judges the first code of a device.
func (d *MFADevice) Confirm(key Secret, typed string, now time.Time) error {
	if d.Confirmed() {
		return Refuse(Conflict, CodeIncorrectState, "The device of "+PrintableText(d.Username)+" is registered already.")
	}
	var c Check
	step, ok := MatchTOTP(key, typed, now, d.UsedStep)
	if !ok {
		c.Bad("code", "This is not the code that the device shows now. Wait for its next code. If that is refused too, the clock of the device is wrong: have it set itself. The time is "+now.UTC().Format("15:04:05")+" UTC.")
		return c.Err()
	}
	d.UsedStep, d.ConfirmedAt = step, now
	return nil
}

// ErrMFADeviceExists refuses a second device of a user.
func ErrMFADeviceExists(d MFADevice) *Error {
	return Refuse(Conflict, CodeIncorrectState, PrintableText(d.Username)+" has an MFA device. Reset it before another one is registered.")
}
