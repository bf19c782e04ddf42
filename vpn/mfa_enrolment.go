package vpn

import "time"

// MFAEnrolmentLife is how long a user has to set up an authenticator, and how long the session lasts that is for it alone.
const MFAEnrolmentLife = 15 * time.Minute

// MFAEnrolment is an authenticator that a user sets up in the self-service portal: it counts when its first code was entered.
// It belongs to one session of the portal, so that no other session, of the same user either, is shown its key. The key is
// kept apart, sealed.
type MFAEnrolment struct {
	Session   string // PortalSession.Digest
	Directory DirectoryID
	UserKey   string
	Username  string
	Replaces  MFADeviceID // whose code or recovery code was given for it; empty: the user had none
	Code      string      // digest of the enrolment code that was given for it; empty: none was asked for
	CreatedAt time.Time
}

// NewMFAEnrolment begins the set-up of an authenticator in a session.
func NewMFAEnrolment(s PortalSession, directory DirectoryID, now time.Time) MFAEnrolment {
	return MFAEnrolment{Session: s.Digest, Directory: directory, UserKey: s.Key, Username: s.Name, CreatedAt: now}
}

// Ended tells whether the time for the first code is over. A clock that was set back ends it too.
func (e MFAEnrolment) Ended(now time.Time) bool {
	return now.Sub(e.CreatedAt) >= MFAEnrolmentLife || e.CreatedAt.After(now.Add(clockTolerance))
}

// ErrMFAEnrolmentOver refuses a first code whose enrolment is over: too late, or the user's authenticator was set up,
// replaced or reset meanwhile.
var ErrMFAEnrolmentOver = Refuse(Conflict, CodeMFAEnrolmentOver, "This QR code is no longer valid. Nothing was changed: begin again.")

// Confirm is the device that the first code makes of the enrolment. Field: code.
func (e MFAEnrolment) Confirm(key Secret, typed string, now time.Time) (MFADevice, error) {
	if e.Ended(now) {
		return MFADevice{}, ErrMFAEnrolmentOver
	}
	d := NewMFADevice(e.Directory, ProviderUser{Key: e.UserKey, Name: e.Username}, e.Username, now)
	d.SelfEnrolled = true
	return d, d.Confirm(key, typed, now)
}

// EnrolmentCodeLife is how long an enrolment code can be used.
const EnrolmentCodeLife = 72 * time.Hour

// EnrolmentCode lets a user without an authenticator set one up, where the directory asks for it besides the password. An
// administrator creates it and hands it over; what is kept is its digest.
type EnrolmentCode struct {
	Directory DirectoryID
	UserKey   string
	Username  string
	Digest    string
	CreatedAt time.Time
	CreatedBy string
	EndsAt    time.Time
}

// NewEnrolmentCode is a code for a user. It takes the place of the one before.
func NewEnrolmentCode(directory DirectoryID, u ProviderUser, by string, now time.Time) (e EnrolmentCode, code Secret) {
	code = newHandCode()
	e = EnrolmentCode{Directory: directory, UserKey: u.Key, Username: u.Name, CreatedAt: now, CreatedBy: by, EndsAt: now.Add(EnrolmentCodeLife)}
	e.Digest = enrolmentDigest(directory, u.Key, code.Reveal())
	return e, code
}

// enrolmentDigest is "" for a text that is no enrolment code.
func enrolmentDigest(directory DirectoryID, userKey, typed string) string {
	bare, ok := bareHandCode(typed)
	if !ok {
		return ""
	}
	return TokenDigest(Secret("enrolment code\x00" + string(directory) + "\x00" + userKey + "\x00" + bare))
}

// Matches tells whether a typed code is this one, and can be used.
func (e EnrolmentCode) Matches(typed string, now time.Time) bool {
	digest := enrolmentDigest(e.Directory, e.UserKey, typed)
	return digest != "" && digest == e.Digest && now.Before(e.EndsAt)
}
