package vpn

import (
	"encoding/base64"
	"strings"
)

// PasswordForm says what a client put into the password of a login.
type PasswordForm int

// The forms.
const (
	PasswordAlone    PasswordForm = iota // what the user typed
	PasswordWithCode                     // with the answer to the static challenge of a profile
	PasswordAnswer                       // an answer to a dynamic challenge, which this server never asks
)

const (
	staticChallenge  = "SCRV1:" // SCRV1:<password>:<answer>, both in base64 (OpenVPN, management-notes.txt)
	dynamicChallenge = "CRV1::" // CRV1::<state>::<answer>
	maxMFAAnswer     = 64       // bytes of an answer that can be a code
)

// SplitPassword takes the password of a login apart. A text that only begins like a challenge's answer is a password
// alone. code is what was typed as the MFA code; "" where nothing was.
func SplitPassword(sent Secret) (password Secret, code string, form PasswordForm) {
	text := sent.Reveal()
	if rest, ok := strings.CutPrefix(text, dynamicChallenge); ok && strings.Contains(rest, "::") {
		return "", "", PasswordAnswer
	}
	rest, ok := strings.CutPrefix(text, staticChallenge)
	if !ok {
		return sent, "", PasswordAlone
	}
	first, second, ok := strings.Cut(rest, ":")
	if !ok {
		return sent, "", PasswordAlone
	}
	plain, ok := decodeBase64(first)
	if !ok {
		return sent, "", PasswordAlone
	}
	answer, ok := decodeBase64(second)
	if !ok {
		return sent, "", PasswordAlone
	}
	if len(answer) > maxMFAAnswer { // no code
		answer = answer[:maxMFAAnswer]
	}
	return Secret(plain), string(answer), PasswordWithCode
}

// decodeBase64 takes the one spelling that a client writes: the library passes over line breaks.
func decodeBase64(text string) ([]byte, bool) {
	b, err := base64.StdEncoding.Strict().DecodeString(text)
	return b, err == nil && !strings.ContainsAny(text, "\r\n")
}

// The refusals of the form of a password. They are decided before the directory is asked, and say nothing about it.
var (
	errMFACodeMissing = Refuse(Denied, CodeMFACodeMissing,
		"Your configuration file does not ask for the MFA code, which this VPN requires. Download your profile again.")
	errMFACodeEmpty = Refuse(Denied, CodeMFACodeMissing, "You entered no MFA code. Connect again and enter the code that your authenticator shows.")
	errMFAUnused    = Refuse(Denied, CodeMFANotUsed,
		"Your configuration file asks for an MFA code, which this VPN does not use. Download your profile again. A password of the form SCRV1:…:… cannot be used here.")
	errDynamicChallenge = Refuse(Denied, CodeMFACodeMissing, "Your client answered a question that this VPN did not ask. Download your profile again.")
)

// The refusals of a code, after the directory has accepted the password.
var (
	ErrMFACodeWrong     = Refuse(Denied, CodeMFACodeWrong, "The MFA code is wrong.")
	ErrMFACodeUsed      = Refuse(Denied, CodeMFACodeUsed, "The MFA code was used for another sign-in, or is older than one that was.")
	ErrMFADeviceMissing = Refuse(Denied, CodeMFADeviceMissing, "No MFA device is registered for you. Ask your administrator to register one.")
)

// mostEnrolText is how long, in bytes, a sentence may be that ends with an address: OpenVPN cuts what is longer.
const mostEnrolText = 110

// ErrMFADeviceMissingAt is ErrMFADeviceMissing as a user is told it who can set up an authenticator in the self-service portal,
// at the base of the public pages and the path of the endpoint.
func ErrMFADeviceMissingAt(base string, id EndpointID) *Error {
	e := *ErrMFADeviceMissing
	for _, at := range []string{base + id.PortalPath(), base + "/"} {
		if e.Msg = "Set up your authenticator first: " + at; len(e.Msg) <= mostEnrolText {
			return &e
		}
	}
	e.Msg = "Set up your authenticator first, in the self-service portal of this VPN."
	return &e
}

// CheckPassword splits the password of a login at a directory with these options. Where MFA is off, the form that carries
// a code is refused even where it is the user's password (guide, "Limitations and rules of Client VPN").
func (o DirectoryOptions) CheckPassword(sent Secret) (password Secret, code string, refused *Error) {
	password, code, form := SplitPassword(sent)
	switch {
	case form == PasswordAnswer:
		return "", "", errDynamicChallenge
	case form == PasswordWithCode && !o.MFA:
		return "", "", errMFAUnused
	case form == PasswordAlone && o.MFA:
		return "", "", errMFACodeMissing
	case o.MFA && strings.TrimSpace(code) == "":
		return "", "", errMFACodeEmpty
	}
	return password, code, nil
}

// WithCode is the password as a client sends it with the answer to the challenge of a profile.
func WithCode(password Secret, code string) Secret {
	encode := base64.StdEncoding.EncodeToString
	return Secret(staticChallenge + encode([]byte(password.Reveal())) + ":" + encode([]byte(code)))
}
