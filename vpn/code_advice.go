package vpn

// What several codes advise.
const (
	newFile          = "Download the configuration file of this portal again and import it in place of the old one."
	askCertificate   = "Ask your administrators for a new client certificate."
	tryLater         = "Try again in some minutes. If it lasts, tell your administrators."
	tellIDPTrouble   = "Try once more. If it happens again, tell your administrators: the company's sign-in and this VPN do not fit together."
	typeAgain        = "Type the user name and the password as at your computer. If you did not try to sign in then, another person may have: use “That was not me”."
	codeAgain        = "Check that the clock of the device with your authenticator is right, and use each code once. If you did not try to sign in then, another person may know your password: change it, and use “That was not me”."
	askAccount       = "Ask your administrators, or the help desk of your company, to look at your account."
	closeConnections = "End a connection that you do not need, then connect again."
	browserAgain     = "Connect again, and sign in in the page that opens then, on the device that connects."
)

// advice is what a user can do about each code of LoginCodes.
var advice = map[Code]string{
	CodeSharedKeyMismatch:                  newFile,
	CodeHandshakeFailed:                    "Check that your network lets VPN connections through, then connect again. If it lasts: " + newFile,
	CodePasswordMissing:                    newFile,
	CodeCertificateMissing:                 "Import the complete configuration file, which has your client certificate. If you have none, ask your administrators for it.",
	CodeCertificateUntrusted:               askCertificate,
	CodeCertificateExpired:                 askCertificate,
	CodeCertificateNotYetValid:             "Check that the clock of your device is right. If it is: " + askCertificate,
	CodeCertificateUsage:                   askCertificate,
	CodeCertificateRefused:                 askCertificate,
	CodeCommonNameMissing:                  askCertificate,
	CodeCommonNameTooLong:                  askCertificate,
	CodeCommonNameInvalid:                  askCertificate,
	CodeCipherMismatch:                     "Update your VPN client to its newest version, then connect again.",
	CodeCertificateBlocked:                 askCertificate,
	CodeCertificateRevoked:                 askCertificate,
	CodeRevocationListExpired:              "Tell your administrators: they have to renew the revocation list of your certificate’s authority.",
	CodeDeviceRevoked:                      "Make a new file for the device on the page Devices. If you did not revoke it, ask your administrators.",
	CodeDeviceNotAccepted:                  "Make a new file for the device on the page Devices, and use it at the endpoint for which it is.",
	CodeDeviceOfOther:                      "Use a file of your own: make one on the page Devices. Do not give your files to others.",
	CodeSignInThrottled:                    "Wait some minutes, then sign in with the right password. If you did not try to sign in then, another person may have: use “That was not me”.",
	CodeMFACodeMissing:                     "Enter the code that your authenticator shows. If your client does not ask for it: " + newFile,
	CodeMFANotUsed:                         newFile,
	CodeUserCredentials:                    typeAgain,
	CodeUserUnknown:                        typeAgain,
	CodeUserAmbiguous:                      askAccount,
	CodeUserUnnamed:                        askAccount,
	CodeUserLocked:                         askAccount,
	CodeMFACodeWrong:                       codeAgain,
	CodeMFACodeUsed:                        "Wait until your authenticator shows the next code, then sign in with that.",
	CodeMFACodesThrottled:                  "Wait some hours, or ask your administrators. If you did not try to sign in then, another person may know your password: change it, and use “That was not me”.",
	CodeMFADeviceMissing:                   "Set up an authenticator for your account, or ask your administrators to.",
	CodeUserDisabled:                       askAccount,
	CodeUserExpired:                        askAccount,
	CodeUserPasswordExpired:                "Change your password, for example at your computer or with the help desk, then connect again.",
	CodeUserPasswordMustChange:             "Change your password, for example at your computer or with the help desk, then connect again.",
	CodeUserRestricted:                     askAccount,
	CodeUserBlocked:                        "Ask your administrators why your access is blocked.",
	CodeBrowserMissing:                     "Use a VPN client that opens the browser: the page Connect names some.",
	CodeBrowserTimeout:                     browserAgain,
	CodeBrowserClientGone:                  browserAgain,
	CodeBrowserRefused:                     "If you said that by mistake, connect again. If another person sent you the link, tell your administrators.",
	CodeBrowserAddress:                     browserAgain,
	CodeBrowserCodeWrong:                   "Connect again, and type the code of the page as it stands there.",
	CodeDirectoryUnavailable:               tryLater,
	CodeDirectoryMisconfigured:             tryLater,
	CodeSAMLAnswerRefused:                  tellIDPTrouble,
	CodeSAMLAnswerTooLarge:                 tellIDPTrouble,
	CodeSAMLAnswerTooComplex:               tellIDPTrouble,
	CodeSAMLAnswerMalformed:                tellIDPTrouble,
	CodeSAMLMarkupRefused:                  tellIDPTrouble,
	CodeSAMLArtifactRefused:                tellIDPTrouble,
	CodeSAMLIssuerMismatch:                 tellIDPTrouble,
	CodeSAMLStatusRefused:                  "Sign in once more. If it happens again, ask your administrators whether your account may use this VPN.",
	CodeSAMLEncrypted:                      tellIDPTrouble,
	CodeSAMLAssertionCount:                 tellIDPTrouble,
	CodeSAMLUnsigned:                       tellIDPTrouble,
	CodeSAMLSignatureMisplaced:             tellIDPTrouble,
	CodeSAMLAlgorithmRefused:               tellIDPTrouble,
	CodeSAMLMetadataExpired:                tellIDPTrouble,
	CodeSAMLSignerUnknown:                  tellIDPTrouble,
	CodeSAMLSignerExpired:                  tellIDPTrouble,
	CodeSAMLSignatureInvalid:               tellIDPTrouble,
	CodeSAMLDestinationMismatch:            tellIDPTrouble,
	CodeSAMLUnsolicited:                    "Begin the sign-in at the VPN, not at your company's page.",
	CodeSAMLRequestMismatch:                tellIDPTrouble,
	CodeSAMLReplayed:                       tellIDPTrouble,
	CodeSAMLNotYetValid:                    tellIDPTrouble,
	CodeSAMLExpired:                        "Sign in again, without going back in the browser. If it happens again, tell your administrators.",
	CodeSAMLAudienceMismatch:               tellIDPTrouble,
	CodeSAMLConfirmationMissing:            tellIDPTrouble,
	CodeSAMLConfirmationMethod:             tellIDPTrouble,
	CodeSAMLRecipientMismatch:              tellIDPTrouble,
	CodeSAMLNameIDMissing:                  tellIDPTrouble,
	CodeSAMLNameIDFormat:                   tellIDPTrouble,
	CodeSAMLNameIDInvalid:                  tellIDPTrouble,
	CodeEndpointUnavailable:                tryLater,
	CodeConnectionLimitExceeded:            tryLater,
	CodeCertificateConnectionLimitExceeded: closeConnections,
	CodeUserConnectionLimitExceeded:        closeConnections,
	CodeAddressesExhausted:                 tryLater,
	CodeLoginNotDecided:                    tryLater,
	CodeHostFailed:                         tryLater,
	CodeConnectionTerminated:               "Connect again. If it happens again, ask your administrators.",
	CodeConnectionNotEstablished:           "Connect again. If it lasts, try another network, and: " + newFile,
	CodeFramingMismatch:                    newFile,
}

// Advice is what a user can do about a refused login, in a sentence or two; "" for a code that refuses no client.
func (c Code) Advice() string { return advice[c] }

// shownToOwner are the codes that clients are told as another one, and that the user who has signed in by every factor may see.
var shownToOwner = map[Code]bool{CodeUserLocked: true, CodeMFACodeWrong: true, CodeMFACodeUsed: true, CodeMFACodesThrottled: true}

// ToldToOwner is a refused attempt, of the code and with the sentence of the list of administrators, as its user reads it after
// the sign-in: it says more than the client was told only where that helps no other person.
func ToldToOwner(code Code, sentence string) (Code, string) {
	if shownToOwner[code] {
		return code, sentence
	}
	e := Refuse(Denied, code, sentence).ToldToClient(false)
	return e.Code, e.Msg
}
