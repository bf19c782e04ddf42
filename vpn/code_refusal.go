package vpn

// Refusal says about one code of LoginCodes what a client and a connection log are told.
type Refusal struct {
	Code   Code
	Told   Telling
	As     Code   // what the client is told where Told is TellsAsOther
	Reason string // connection-attempt-failure-reason of a connection log (guide, "Connection logging")
}

// Telling is how a client learns of a refusal.
type Telling string

// The ways.
const (
	TellsNothing Telling = "no"                       // its packets are not answered
	TellsTLS     Telling = "that TLS failed"          // the refusal is before the login
	TellsCode    Telling = "yes"                      // code and sentence
	TellsLate    Telling = "yes, or that TLS failed"  // OpenVPN refuses what it can tell, before the login
	TellsAsOther Telling = "as another code"          // the difference would help an attacker, or an administrator alone
	TellsEnd     Telling = "that the connection ends" // it was let in before
)

// Failure reasons that several codes share.
const (
	reasonTLS         = "tls-handshake-failed"
	reasonCommonName  = "certificate-common-name-invalid"
	reasonRevoked     = "certificate-revoked"
	reasonCredentials = "authentication-failed"
	reasonDirectory   = "directory-unavailable"
	reasonLimit       = "connection-limit-exceeded"
	reasonService     = "service-error"
	reasonSAML        = "saml-answer-refused"
)

// refusals is the table of why a client is not let in, in the order of its way: handshake, certificate, user, login, tunnel.
var refusals = []Refusal{
	{CodeSharedKeyMismatch, TellsNothing, "", "shared-key-mismatch"},
	{CodeHandshakeFailed, TellsTLS, "", reasonTLS},
	{CodePasswordMissing, TellsTLS, "", "password-missing"},
	{CodeCertificateMissing, TellsTLS, "", "certificate-missing"},
	{CodeCertificateUntrusted, TellsLate, "", "certificate-untrusted"},
	{CodeCertificateExpired, TellsTLS, "", "certificate-expired"},
	{CodeCertificateNotYetValid, TellsTLS, "", "certificate-not-yet-valid"},
	{CodeCertificateUsage, TellsTLS, "", "certificate-usage-mismatch"},
	{CodeCertificateRefused, TellsTLS, "", "certificate-refused"},
	{CodeCommonNameMissing, TellsLate, "", reasonCommonName},
	{CodeCommonNameTooLong, TellsTLS, "", reasonCommonName},
	{CodeCommonNameInvalid, TellsLate, "", reasonCommonName},
	{CodeCipherMismatch, TellsCode, "", "cipher-mismatch"},
	{CodeCertificateBlocked, TellsCode, "", reasonRevoked},
	{CodeCertificateRevoked, TellsCode, "", reasonRevoked},
	{CodeRevocationListExpired, TellsCode, "", "certificate-revocation-list-expired"},
	{CodeDeviceRevoked, TellsCode, "", reasonRevoked},
	{CodeDeviceNotAccepted, TellsCode, "", "device-not-accepted"},
	{CodeSignInThrottled, TellsCode, "", "too-many-attempts"},
	{CodeMFACodeMissing, TellsCode, "", "mfa-code-missing"},
	{CodeMFANotUsed, TellsCode, "", "mfa-not-used"},
	{CodeUserCredentials, TellsCode, "", reasonCredentials},
	{CodeUserUnknown, TellsAsOther, CodeUserCredentials, reasonCredentials},
	{CodeUserAmbiguous, TellsAsOther, CodeUserCredentials, reasonCredentials},
	{CodeUserUnnamed, TellsAsOther, CodeUserCredentials, reasonCredentials},
	{CodeUserLocked, TellsAsOther, CodeUserCredentials, "account-locked"},
	{CodeMFACodeWrong, TellsAsOther, CodeUserCredentials, "mfa-failed"},
	{CodeMFACodeUsed, TellsAsOther, CodeUserCredentials, "mfa-failed"},
	{CodeMFACodesThrottled, TellsAsOther, CodeUserCredentials, "mfa-failed"},
	{CodeMFADeviceMissing, TellsCode, "", "mfa-device-missing"},
	{CodeUserDisabled, TellsCode, "", "account-disabled"},
	{CodeUserExpired, TellsCode, "", "account-expired"},
	{CodeUserPasswordExpired, TellsCode, "", "password-expired"},
	{CodeUserPasswordMustChange, TellsCode, "", "password-must-change"},
	{CodeUserRestricted, TellsCode, "", "account-restricted"},
	{CodeUserBlocked, TellsCode, "", "user-blocked"},
	{CodeBrowserMissing, TellsCode, "", "browser-missing"},
	{CodeBrowserTimeout, TellsCode, "", "browser-sign-in-timeout"},
	{CodeBrowserClientGone, TellsCode, "", "browser-client-left"},
	{CodeBrowserRefused, TellsCode, "", "browser-sign-in-refused"},
	{CodeBrowserAddress, TellsCode, "", "browser-address-mismatch"},
	{CodeBrowserCodeWrong, TellsCode, "", "browser-code-wrong"},
	{CodeDeviceOfOther, TellsCode, "", "device-of-another-user"},
	{CodeDirectoryUnavailable, TellsCode, "", reasonDirectory},
	{CodeDirectoryMisconfigured, TellsAsOther, CodeDirectoryUnavailable, reasonDirectory},
	{CodeSAMLAnswerRefused, TellsCode, "", reasonSAML},
	{CodeSAMLAnswerTooLarge, TellsCode, "", reasonSAML},
	{CodeSAMLAnswerTooComplex, TellsAsOther, CodeSAMLAnswerRefused, reasonSAML},
	{CodeSAMLAnswerMalformed, TellsAsOther, CodeSAMLAnswerRefused, reasonSAML},
	{CodeSAMLMarkupRefused, TellsAsOther, CodeSAMLAnswerRefused, reasonSAML},
	{CodeSAMLArtifactRefused, TellsAsOther, CodeSAMLAnswerRefused, reasonSAML},
	{CodeSAMLIssuerMismatch, TellsAsOther, CodeSAMLAnswerRefused, reasonSAML},
	{CodeSAMLStatusRefused, TellsCode, "", "saml-sign-in-refused"},
	{CodeSAMLEncrypted, TellsAsOther, CodeSAMLAnswerRefused, reasonSAML},
	{CodeSAMLAssertionCount, TellsAsOther, CodeSAMLAnswerRefused, reasonSAML},
	{CodeSAMLUnsigned, TellsAsOther, CodeSAMLAnswerRefused, reasonSAML},
	{CodeSAMLSignatureMisplaced, TellsAsOther, CodeSAMLAnswerRefused, reasonSAML},
	{CodeSAMLAlgorithmRefused, TellsAsOther, CodeSAMLAnswerRefused, reasonSAML},
	{CodeSAMLMetadataExpired, TellsAsOther, CodeSAMLAnswerRefused, reasonSAML},
	{CodeSAMLSignerUnknown, TellsAsOther, CodeSAMLAnswerRefused, reasonSAML},
	{CodeSAMLSignerExpired, TellsAsOther, CodeSAMLAnswerRefused, reasonSAML},
	{CodeSAMLSignatureInvalid, TellsAsOther, CodeSAMLAnswerRefused, reasonSAML},
	{CodeSAMLDestinationMismatch, TellsAsOther, CodeSAMLAnswerRefused, reasonSAML},
	{CodeSAMLUnsolicited, TellsCode, "", reasonSAML},
	{CodeSAMLRequestMismatch, TellsAsOther, CodeSAMLAnswerRefused, reasonSAML},
	{CodeSAMLReplayed, TellsAsOther, CodeSAMLAnswerRefused, reasonSAML},
	{CodeSAMLNotYetValid, TellsCode, "", reasonSAML},
	{CodeSAMLExpired, TellsCode, "", reasonSAML},
	{CodeSAMLAudienceMismatch, TellsAsOther, CodeSAMLAnswerRefused, reasonSAML},
	{CodeSAMLConfirmationMissing, TellsAsOther, CodeSAMLAnswerRefused, reasonSAML},
	{CodeSAMLConfirmationMethod, TellsAsOther, CodeSAMLAnswerRefused, reasonSAML},
	{CodeSAMLRecipientMismatch, TellsAsOther, CodeSAMLAnswerRefused, reasonSAML},
	{CodeSAMLNameIDMissing, TellsAsOther, CodeSAMLAnswerRefused, reasonSAML},
	{CodeSAMLNameIDFormat, TellsAsOther, CodeSAMLAnswerRefused, reasonSAML},
	{CodeSAMLNameIDInvalid, TellsAsOther, CodeSAMLAnswerRefused, reasonSAML},
	{CodeEndpointUnavailable, TellsCode, "", "endpoint-unavailable"},
	{CodeConnectionLimitExceeded, TellsCode, "", reasonLimit},
	{CodeCertificateConnectionLimitExceeded, TellsCode, "", reasonLimit},
	{CodeUserConnectionLimitExceeded, TellsCode, "", reasonLimit},
	{CodeAddressesExhausted, TellsCode, "", "addresses-exhausted"},
	{CodeLoginNotDecided, TellsCode, "", reasonService},
	{CodeHostFailed, TellsCode, "", reasonService},
	{CodeConnectionTerminated, TellsEnd, "", "connection-terminated"},
	{CodeConnectionNotEstablished, TellsNothing, "", "connection-not-established"},
	{CodeFramingMismatch, TellsEnd, "", "framing-mismatch"},
}

// told are the sentences for clients that are not those of the refusal itself: of what is told as another code, and of a
// directory's or an IdP's fault, whose own sentence is for an administrator.
var told = map[Code]string{
	CodeUserCredentials:      "The user name or the password is wrong.",
	CodeDirectoryUnavailable: "The directory that checks your password does not answer. Try again later.",
	CodeSAMLAnswerRefused:    "Your company's sign-in gave an answer that this VPN cannot accept. Try once more; if it happens again, tell your administrator.",
	CodeSAMLAnswerTooLarge:   "Your company's sign-in gave an answer that is too large for this VPN. Tell your administrator.",
	CodeSAMLStatusRefused:    "Your company's sign-in did not let you in. Try once more, or ask your administrator whether you may use this VPN.",
	CodeSAMLNotYetValid:      "The clocks of your company's sign-in and of this VPN differ. Tell your administrator.",
	CodeSAMLExpired:          "The answer of your company's sign-in is too old. Sign in again; if it happens again, tell your administrator.",
	CodeSAMLUnsolicited:      "Begin the sign-in at the VPN, not at your company's page.",
}

// withMFA is the sentence of CodeUserCredentials where users enter a code too: which of the three is wrong is not told.
const withMFA = "The user name, the password or the MFA code is wrong."

// Refusals lists what is told of each code of LoginCodes, in their order.
func Refusals() []Refusal { return append([]Refusal(nil), refusals...) }

// areaFrom is the stage of a client's way that begins with a code of the table of refusals; "" where none does.
func areaFrom(first Code) string {
	switch first {
	case CodeSharedKeyMismatch:
		return "Handshake and certificate"
	case CodeSignInThrottled:
		return "User, password and MFA"
	case CodeBrowserMissing:
		return "Sign-in in the browser"
	case CodeDirectoryUnavailable:
		return "Directory"
	case CodeSAMLAnswerRefused:
		return "Answer of the SAML provider"
	case CodeEndpointUnavailable:
		return "Endpoint and its limits"
	case CodeConnectionTerminated:
		return "After the login"
	default:
		return ""
	}
}

// Area is the stage of a client's way at which a code refuses; "" for a code that refuses no client.
func (c Code) Area() string {
	area := ""
	for _, r := range refusals {
		if from := areaFrom(r.Code); from != "" {
			area = from
		}
		if r.Code == c {
			return area
		}
	}
	return ""
}

// LoginCodes lists the codes of refused attempts, in the order of a client's way.
func LoginCodes() []Code { return IDsOf(refusals, func(r Refusal) Code { return r.Code }) }

// FailureReason is the connection-attempt-failure-reason of a code; "" for a code that refuses no client.
func (c Code) FailureReason() string {
	for _, r := range refusals {
		if r.Code == c {
			return r.Reason
		}
	}
	return ""
}

// ToldToClient is a refusal as the person who signs in may know it: a wrong name, password or code are one. mfa tells
// that users enter a code too.
func (e *Error) ToldToClient(mfa bool) *Error {
	shown := *e
	for _, r := range refusals {
		if r.Code == e.Code && r.As != "" {
			shown.Code = r.As
		}
	}
	if sentence := told[shown.Code]; sentence != "" {
		shown.Msg = sentence
	}
	if shown.Code == CodeUserCredentials && mfa {
		shown.Msg = withMFA
	}
	return &shown
}
