package vpn

import (
	"maps"
	"slices"
)

// Code says why something was refused or failed: stable, for programs; the EC2 API's code where it has
// one. What happened in the case at hand is the sentence of the Error that carries the code.
type Code string

// The codes.
const (
	// Requests.
	CodeInvalidParameterValue Code = "InvalidParameterValue"
	CodeMissingParameter      Code = "MissingParameter"
	CodeIncorrectState        Code = "IncorrectState"
	CodeDependencyViolation   Code = "DependencyViolation"
	CodeResourceInUse         Code = "ResourceInUse"
	CodeAuthFailure           Code = "AuthFailure"
	CodeUnauthorizedOperation Code = "UnauthorizedOperation"
	CodeRequestLimitExceeded  Code = "RequestLimitExceeded"
	CodeLimitExceeded         Code = "LimitExceeded"
	CodeEndpointLimitExceeded Code = "ClientVpnEndpointLimitExceeded"
	CodeTooManyPendingChanges Code = "ConcurrentMutationLimitExceeded"
	CodeInsufficientStorage   Code = "InsufficientStorage"
	CodeDatabaseUnavailable   Code = "DatabaseUnavailable"

	// IDs that name nothing.
	CodeVpcNotFound               Code = "InvalidVpcID.NotFound"
	CodeSubnetNotFound            Code = "InvalidSubnetID.NotFound"
	CodeCertificateNotFound       Code = "InvalidCertificateId.NotFound"
	CodeDirectoryNotFound         Code = "InvalidDirectoryId.NotFound"
	CodeSAMLProviderNotFound      Code = "InvalidSAMLProviderId.NotFound"
	CodeMFADeviceNotFound         Code = "InvalidMFADeviceId.NotFound"
	CodeUserNotFound              Code = "InvalidUserId.NotFound"
	CodeUserGroupNotFound         Code = "InvalidUserGroupId.NotFound"
	CodeRevocationNotFound        Code = "InvalidRevocation.NotFound"
	CodeCRLNotFound               Code = "InvalidRevocationList.NotFound"
	CodeBlockNotFound             Code = "InvalidBlockedCertificate.NotFound"
	CodeEndpointNotFound          Code = "InvalidClientVpnEndpointId.NotFound"
	CodeAssociationNotFound       Code = "InvalidClientVpnAssociationId.NotFound"
	CodeRuleNotFound              Code = "InvalidClientVpnAuthorizationRuleNotFound"
	CodeRouteNotFound             Code = "InvalidClientVpnRouteNotFound"
	CodeConnectionNotFound        Code = "InvalidClientVpnConnectionId.NotFound"
	CodeAdministratorNotFound     Code = "InvalidAdministratorId.NotFound"
	CodeSessionNotFound           Code = "InvalidSession.NotFound"
	CodeDeviceNotFound            Code = "InvalidDeviceId.NotFound"
	CodeInstallerNotFound         Code = "InvalidInstaller.NotFound"
	CodeBrandingNotFound          Code = "InvalidLogo.NotFound"
	CodePortalClosed              Code = "SelfServicePortalNotFound"
	CodeSignInNotFound            Code = "InvalidSignIn.NotFound"
	CodeConfigurationLinkNotFound Code = "InvalidClientConfigurationLink.NotFound"
	CodeUserReportNotFound        Code = "InvalidUserReportId.NotFound"
	CodeVPNSessionNotFound        Code = "InvalidClientVpnSessionId.NotFound"

	// Identity providers.
	CodeMetadataUnreadable Code = "SAMLMetadataUnreadable"

	// The dataplane and its host.
	CodeDataplaneUnavailable Code = "DataplaneUnavailable"
	CodeMessageTooLarge      Code = "MessageTooLarge"
	CodeMalformedMessage     Code = "MalformedMessage"
	CodeStopping             Code = "Stopping"
	CodeRemovalFailed        Code = "RemovalFailed"
	CodeWorkerFailed         Code = "WorkerFailed"
	CodeHostFailed           Code = "HostFailed"
	CodeHostConflict         Code = "HostConflict"
	CodeProbeFailed          Code = "ProbeFailed"
	CodePortTaken            Code = "PortTaken"
	CodeAddressNotLocal      Code = "NoSuchAddress"
	CodePortForbidden        Code = "PortForbidden"
	CodeTunUnavailable       Code = "TunUnavailable"
	CodeInvalidRuleset       Code = "InvalidRuleset"
	CodeMissingNft           Code = "MissingNft"
	CodePacketFilterFailed   Code = "PacketFilterFailed"
	CodeOpenVPNMissing       Code = "OpenVPNMissing"
	CodeOpenVPNUnusable      Code = "OpenVPNUnusable"
	CodeOpenVPNTooOld        Code = "OpenVPNTooOld"

	// Logins: see Refusals.
	CodeLoginNotFound                      Code = "NoSuchLogin"
	CodeSharedKeyMismatch                  Code = "ClientSharedKeyMismatch"
	CodeHandshakeFailed                    Code = "ClientHandshakeFailed"
	CodeCipherMismatch                     Code = "ClientCipherMismatch"
	CodeFramingMismatch                    Code = "ClientFramingMismatch"
	CodePasswordMissing                    Code = "ClientPasswordMissing"
	CodeCertificateMissing                 Code = "ClientCertificateMissing"
	CodeCertificateUntrusted               Code = "ClientCertificateUntrusted"
	CodeCertificateExpired                 Code = "ClientCertificateExpired"
	CodeCertificateNotYetValid             Code = "ClientCertificateNotYetValid"
	CodeCertificateUsage                   Code = "ClientCertificateUsageMismatch"
	CodeCertificateRefused                 Code = "ClientCertificateRefused"
	CodeCertificateBlocked                 Code = "ClientCertificateBlocked"
	CodeCertificateRevoked                 Code = "ClientCertificateRevoked"
	CodeRevocationListExpired              Code = "ClientCertificateRevocationListExpired"
	CodeDeviceRevoked                      Code = "ClientDeviceRevoked"
	CodeDeviceNotAccepted                  Code = "ClientDeviceNotAccepted"
	CodeDeviceOfOther                      Code = "ClientDeviceOfAnotherUser"
	CodeCertificateConnectionLimitExceeded Code = "ClientCertificateConnectionLimitExceeded"
	CodeUserConnectionLimitExceeded        Code = "ClientUserConnectionLimitExceeded"
	CodeCommonNameMissing                  Code = "ClientCommonNameMissing"
	CodeCommonNameTooLong                  Code = "ClientCommonNameTooLong"
	CodeCommonNameInvalid                  Code = "ClientCommonNameInvalid"
	CodeUserCredentials                    Code = "UserCredentialsRefused"
	CodeUserUnknown                        Code = "UserUnknown"
	CodeUserAmbiguous                      Code = "UserAmbiguous"
	CodeUserUnnamed                        Code = "UserUnnamed"
	CodeUserLocked                         Code = "UserLocked"
	CodeUserDisabled                       Code = "UserDisabled"
	CodeUserExpired                        Code = "UserExpired"
	CodeUserPasswordExpired                Code = "UserPasswordExpired"
	CodeUserPasswordMustChange             Code = "UserPasswordMustChange"
	CodeUserRestricted                     Code = "UserRestricted"
	CodeUserBlocked                        Code = "UserBlocked"
	CodeSignInThrottled                    Code = "UserSignInThrottled"
	CodeMFACodeMissing                     Code = "UserMFACodeMissing"
	CodeMFANotUsed                         Code = "UserMFANotUsed"
	CodeMFACodeWrong                       Code = "UserMFACodeWrong"
	CodeMFACodeUsed                        Code = "UserMFACodeUsed"
	CodeMFACodesThrottled                  Code = "UserMFACodesThrottled"
	CodeMFADeviceMissing                   Code = "UserMFADeviceMissing"
	CodeEnrolmentCodeWrong                 Code = "UserMFAEnrolmentCodeWrong"
	CodeMFAEnrolmentOver                   Code = "MFAEnrolmentOver"
	CodeBrowserTimeout                     Code = "UserBrowserTimeout"
	CodeBrowserMissing                     Code = "ClientBrowserMissing"
	CodeBrowserRefused                     Code = "UserBrowserSignInRefused"
	CodeBrowserAddress                     Code = "UserBrowserAddressMismatch"
	CodeBrowserCodeWrong                   Code = "UserBrowserCodeWrong"
	CodeDirectoryUnavailable               Code = "DirectoryUnavailable"
	CodeDirectoryMisconfigured             Code = "DirectoryMisconfigured"
	CodeEndpointUnavailable                Code = "ClientVpnEndpointUnavailable"
	CodeConnectionLimitExceeded            Code = "ClientVpnConnectionLimitExceeded"
	CodeConnectionTerminated               Code = "ClientVpnConnectionTerminated"
	CodeAddressesExhausted                 Code = "ClientVpnAddressesExhausted"
	CodeLoginNotDecided                    Code = "ClientVpnLoginNotDecided"
	CodeConnectionNotEstablished           Code = "ClientVpnConnectionNotEstablished"
	CodeSessionOver                        Code = "ClientVpnSessionOver"

	// Answers of SAML identity providers: see Refusals.
	CodeSAMLAnswerRefused       Code = "SAMLAnswerRefused"
	CodeSAMLAnswerTooLarge      Code = "SAMLAnswerTooLarge"
	CodeSAMLAnswerTooComplex    Code = "SAMLAnswerTooComplex"
	CodeSAMLAnswerMalformed     Code = "SAMLAnswerMalformed"
	CodeSAMLMarkupRefused       Code = "SAMLMarkupRefused"
	CodeSAMLArtifactRefused     Code = "SAMLArtifactRefused"
	CodeSAMLIssuerMismatch      Code = "SAMLIssuerMismatch"
	CodeSAMLStatusRefused       Code = "SAMLStatusRefused"
	CodeSAMLEncrypted           Code = "SAMLEncrypted"
	CodeSAMLAssertionCount      Code = "SAMLAssertionCount"
	CodeSAMLUnsigned            Code = "SAMLUnsigned"
	CodeSAMLSignatureMisplaced  Code = "SAMLSignatureMisplaced"
	CodeSAMLAlgorithmRefused    Code = "SAMLAlgorithmRefused"
	CodeSAMLMetadataExpired     Code = "SAMLMetadataExpired"
	CodeSAMLSignerUnknown       Code = "SAMLSignerUnknown"
	CodeSAMLSignerExpired       Code = "SAMLSignerExpired"
	CodeSAMLSignatureInvalid    Code = "SAMLSignatureInvalid"
	CodeSAMLDestinationMismatch Code = "SAMLDestinationMismatch"
	CodeSAMLUnsolicited         Code = "SAMLUnsolicited"
	CodeSAMLRequestMismatch     Code = "SAMLRequestMismatch"
	CodeSAMLNotYetValid         Code = "SAMLNotYetValid"
	CodeSAMLExpired             Code = "SAMLExpired"
	CodeSAMLAudienceMismatch    Code = "SAMLAudienceMismatch"
	CodeSAMLConfirmationMissing Code = "SAMLConfirmationMissing"
	CodeSAMLConfirmationMethod  Code = "SAMLConfirmationMethod"
	CodeSAMLRecipientMismatch   Code = "SAMLRecipientMismatch"
	CodeSAMLNameIDMissing       Code = "SAMLNameIDMissing"
	CodeSAMLNameIDFormat        Code = "SAMLNameIDFormat"
	CodeSAMLNameIDInvalid       Code = "SAMLNameIDInvalid"

	// Pages of the sign-in in a browser.
	CodeBrowserLinkInvalid Code = "BrowserLinkInvalid"
	CodeBrowserClientGone  Code = "BrowserClientGone"
	CodeBrowserOther       Code = "BrowserMismatch"
	CodeBrowserChanged     Code = "BrowserSignInChanged"
	CodeSAMLRequestUnknown Code = "SAMLRequestUnknown"
	CodeSAMLProviderOther  Code = "SAMLProviderMismatch"
	CodeSAMLReplayed       Code = "SAMLAssertionReplayed"
	CodeSignInNotCompleted Code = "BrowserSignInNotCompleted"
)

// codes is the table of all codes with what each means.
var codes = map[Code]string{
	CodeInvalidParameterValue:              "A value of the request is not allowed; the fields say which and why.",
	CodeMissingParameter:                   "The request lacks a value that it needs.",
	CodeIncorrectState:                     "The present state of the thing, or a change that was saved meanwhile, does not allow the request.",
	CodeDependencyViolation:                "Something else refers to the thing, or it refers to something that does not exist.",
	CodeResourceInUse:                      "The thing is in use and cannot be deleted.",
	CodeAuthFailure:                        "The caller is not signed in, or the proof of who they are was not accepted.",
	CodeUnauthorizedOperation:              "The caller may not do this.",
	CodeRequestLimitExceeded:               "There were too many attempts; wait and try again.",
	CodeLimitExceeded:                      "A limit of the host is reached.",
	CodeEndpointLimitExceeded:              "A quota of endpoints or of the parts of one, or the number of endpoints that the host policy allows, is reached.",
	CodeTooManyPendingChanges:              "Too many changes of the endpoint wait for the dataplane.",
	CodeInsufficientStorage:                "The disk that holds the database is full; nothing was saved.",
	CodeDatabaseUnavailable:                "The database does not answer, or another program keeps it locked.",
	CodeVpcNotFound:                        "There is no network with this ID.",
	CodeSubnetNotFound:                     "There is no subnet with this ID.",
	CodeCertificateNotFound:                "There is no certificate with this ID, or its private key is not kept.",
	CodeEndpointNotFound:                   "There is no Client VPN endpoint with this ID.",
	CodeAssociationNotFound:                "There is no target network association with this ID.",
	CodeRuleNotFound:                       "There is no such authorization rule.",
	CodeRouteNotFound:                      "There is no such route.",
	CodeConnectionNotFound:                 "There is no connection with this ID.",
	CodeAdministratorNotFound:              "There is no account with this ID or user name.",
	CodeSessionNotFound:                    "The session of the browser has ended.",
	CodeDeviceNotFound:                     "No device has the ID, or the device is another user's.",
	CodeInstallerNotFound:                  "There is no installer for this platform.",
	CodeBrandingNotFound:                   "There is no such logo.",
	CodePortalClosed:                       "No endpoint has the ID, or the endpoint has no self-service portal.",
	CodeVPNSessionNotFound:                 "There is no such VPN session.",
	CodeSignInNotFound:                     "The user has no such sign-in.",
	CodeConfigurationLinkNotFound:          "There is no such one-time link, or it opens nothing any more.",
	CodeUserReportNotFound:                 "There is no report of a user with this ID.",
	CodeDataplaneUnavailable:               "No dataplane answers on this host.",
	CodeMessageTooLarge:                    "The message is larger than the dataplane accepts.",
	CodeMalformedMessage:                   "The dataplane cannot read the message.",
	CodeStopping:                           "The dataplane is stopping.",
	CodeRemovalFailed:                      "The endpoint could not be removed from the host.",
	CodeWorkerFailed:                       "An OpenVPN process ended or does not start.",
	CodeHostFailed:                         "The operating system refused a change.",
	CodeProbeFailed:                        "A test of a target network cannot be sent from the host.",
	CodeHostConflict:                       "Something else on the host is in the way of a change.",
	CodePortTaken:                          "Another program listens on the port.",
	CodeAddressNotLocal:                    "The listen address is not an address of this host.",
	CodePortForbidden:                      "The dataplane may not listen on the port.",
	CodeTunUnavailable:                     "The host has no usable TUN device.",
	CodeInvalidRuleset:                     "The packet filter rules of the endpoint are malformed.",
	CodeMissingNft:                         "The command nft is not installed.",
	CodePacketFilterFailed:                 "The kernel refused the packet filter rules.",
	CodeOpenVPNMissing:                     "OpenVPN is not installed.",
	CodeOpenVPNUnusable:                    "The installed OpenVPN does not say which version it is.",
	CodeOpenVPNTooOld:                      "The installed OpenVPN is older than the oldest that is allowed.",
	CodeSharedKeyMismatch:                  "The packet was not made with the endpoint's shared key.",
	CodeHandshakeFailed:                    "The TLS handshake with the client failed or was not completed in time.",
	CodeCipherMismatch:                     "The client and the server have no data cipher in common.",
	CodeFramingMismatch:                    "The client frames its packets in a way that the server does not know: its configuration file has fragment.",
	CodePasswordMissing:                    "The client sent no user name and password, which the endpoint requires.",
	CodeCertificateMissing:                 "The client presented no certificate.",
	CodeCertificateUntrusted:               "The client's certificate was not issued by the authority that the endpoint takes.",
	CodeCertificateExpired:                 "A certificate of the client has expired.",
	CodeCertificateNotYetValid:             "A certificate of the client is not valid yet.",
	CodeCertificateUsage:                   "The client's certificate is not meant for VPN clients.",
	CodeCertificateRefused:                 "OpenVPN refused a certificate of the client for another reason, which the sentence has.",
	CodeDeviceRevoked:                      "The certificate is that of a device of the self-service portal, and was revoked by its user or an administrator, or replaced by a new one.",
	CodeDeviceNotAccepted:                  "The certificate is that of a device of the self-service portal which is not known any more or was made for another endpoint, or the endpoint does not take such certificates.",
	CodeDeviceOfOther:                      "The certificate is that of another user's device.",
	CodeCertificateBlocked:                 "An administrator has blocked the client's certificate.",
	CodeCertificateRevoked:                 "The client's certificate, or an authority above it, is on the certificate revocation list of its authority.",
	CodeRevocationListExpired:              "The certificate revocation list that was imported for an authority of the client's certificate has expired.",
	CodeCertificateConnectionLimitExceeded: "The client's certificate has as many connections as are allowed.",
	CodeUserConnectionLimitExceeded:        "The user has as many connections as are allowed.",
	CodeCommonNameMissing:                  "The client's certificate has no common name.",
	CodeCommonNameTooLong:                  "The common name of the client's certificate is longer than OpenVPN accepts.",
	CodeCommonNameInvalid:                  "The common name of the client's certificate has characters that are not allowed.",
	CodeUserCredentials:                    "The user name or the password is wrong.",
	CodeUserUnknown:                        "The directory has no such user, or the user filter leaves the user out. The user is told what a wrong password is told.",
	CodeUserAmbiguous:                      "More than one user of the directory has the name. The user is told what a wrong password is told.",
	CodeUserUnnamed:                        "The directory gives the user no name that can be shown. The user is told what a wrong password is told.",
	CodeUserLocked:                         "The directory has locked the account. The user is told what a wrong password is told.",
	CodeUserDisabled:                       "The account is disabled in the directory; the password was right.",
	CodeUserExpired:                        "The account has expired in the directory; the password was right.",
	CodeUserPasswordExpired:                "The password has expired; it was right.",
	CodeUserPasswordMustChange:             "The password has to be changed before the first sign-in; it was right.",
	CodeUserRestricted:                     "The directory does not let the account sign in at this time or from this server; the password was right.",
	CodeUserBlocked:                        "An administrator has blocked the user.",
	CodeSignInThrottled:                    "Too many sign-ins with the user name, or from the address, failed; the sentence says when the next one is tried.",
	CodeMFACodeMissing:                     "The directory demands an MFA code, and the client sent none: its configuration file is of a time when none was demanded, or the user entered none.",
	CodeMFANotUsed:                         "The client sent an MFA code, or a password of the form SCRV1:…:…, and the directory demands none.",
	CodeMFACodeWrong:                       "The MFA code is wrong; the password was right. The user is told what a wrong password is told.",
	CodeMFACodeUsed:                        "The MFA code was used for another sign-in, or is older than one that was; the password was right. The user is told what a wrong password is told.",
	CodeMFACodesThrottled:                  "Too many MFA codes of the user were wrong after the right password: no code is judged for some hours. The user is told what a wrong password is told.",
	CodeMFADeviceMissing:                   "The directory demands an MFA code, and the user has no MFA device; the password was right. The user sets one up in the self-service portal, where the endpoint has it, or an administrator registers one.",
	CodeMFADeviceNotFound:                  "There is no MFA device with this ID, or its enrolment has ended.",
	CodeEnrolmentCodeWrong:                 "The enrolment code of a user who sets up an authenticator in the self-service portal is wrong, was used, or has ended.",
	CodeMFAEnrolmentOver:                   "The QR code of an authenticator that a user sets up in the self-service portal is no longer valid: it is too old, or the authenticator was set up, replaced or reset meanwhile. Nothing was changed.",
	CodeBrowserTimeout:                     "The client was told to open the browser, and no sign-in there, or no code, followed in the time that the client waits.",
	CodeBrowserMissing:                     "The endpoint has users sign in in a browser, and the client announces no way to open one, or to type the code that the setting browser_code asks for.",
	CodeBrowserRefused:                     "The person at the browser said that the sign-in is not theirs.",
	CodeBrowserAddress:                     "The browser had another address than the client, which the setting browser_same_address refuses.",
	CodeBrowserCodeWrong:                   "The code that the page showed after the sign-in was typed wrong at the client.",
	CodeBrowserLinkInvalid:                 "The link of a sign-in in a browser is unknown, was used, or its client no longer waits.",
	CodeBrowserClientGone:                  "The client waited no longer for the sign-in in the browser: it had left before, or before the person confirmed.",
	CodeBrowserOther:                       "The browser is not the one in which the sign-in was begun, or it keeps no cookies.",
	CodeBrowserChanged:                     "The browser signed in once more after the page was shown.",
	CodeSignInNotCompleted:                 "A fault stopped the sign-in after the identity provider had answered. The log has the cause; the user begins again.",
	CodeSAMLRequestUnknown:                 "The identity provider's answer belongs to no request that waits: none was made, it is too old, or it was answered.",
	CodeSAMLProviderOther:                  "The answer came to the address of another identity provider than the one that was asked.",
	CodeSAMLReplayed:                       "The assertion was used before.",
	CodeDirectoryUnavailable:               "The directory does not answer.",
	CodeDirectoryMisconfigured:             "The directory cannot be used as it is configured.",
	CodeEndpointUnavailable:                "The endpoint takes no connections: it has no target network that works, it is being deleted, or the host policy cannot be read.",
	CodeLoginNotDecided:                    "The server did not decide the login in time.",
	CodeConnectionNotEstablished:           "The login was granted, and the client's tunnel never came up.",
	CodeDirectoryNotFound:                  "There is no directory with this ID.",
	CodeSAMLProviderNotFound:               "There is no SAML provider with this ID.",
	CodeMetadataUnreadable:                 "The metadata document behind a URL cannot be read.",
	CodeUserNotFound:                       "There is no VPN user with this ID.",
	CodeUserGroupNotFound:                  "There is no group with this ID.",
	CodeRevocationNotFound:                 "No certificate with this issuer and serial number is revoked.",
	CodeCRLNotFound:                        "There is no certificate revocation list of this authority.",
	CodeBlockNotFound:                      "No client certificate with this fingerprint is blocked.",
	CodeLoginNotFound:                      "The login does not wait any more.",
	CodeAddressesExhausted:                 "The endpoint has no free client address.",
	CodeConnectionLimitExceeded:            "The limit of connections is reached.",
	CodeConnectionTerminated:               "The connection was terminated before it began.",
	CodeSessionOver:                        "The VPN session has ended, or is not known.",
	CodeSAMLAnswerRefused:                  "The identity provider's answer cannot be accepted for another reason, which the sentence has.",
	CodeSAMLAnswerTooLarge:                 "The identity provider's answer is larger than 128 KB.",
	CodeSAMLAnswerTooComplex:               "The identity provider's answer has more XML elements, attributes or levels than any that is read.",
	CodeSAMLAnswerMalformed:                "The identity provider's answer is no SAML answer, lacks what one needs, or has what does not belong there.",
	CodeSAMLMarkupRefused:                  "The identity provider's answer has a document type, an entity, a comment, a CDATA section or a processing instruction.",
	CodeSAMLArtifactRefused:                "The identity provider sent a reference (artifact) in place of the answer.",
	CodeSAMLIssuerMismatch:                 "The answer is from another identity provider than the one that was asked.",
	CodeSAMLStatusRefused:                  "The identity provider refused to sign the user in.",
	CodeSAMLEncrypted:                      "The identity provider encrypted the assertion or a part of it.",
	CodeSAMLAssertionCount:                 "The answer has no assertion, or more than one, or one in a place where it does not belong.",
	CodeSAMLUnsigned:                       "Neither the answer nor its assertion is signed.",
	CodeSAMLSignatureMisplaced:             "A signature of the answer does not cover exactly what is read from it.",
	CodeSAMLAlgorithmRefused:               "The answer is signed by an algorithm that is not accepted, such as one with SHA-1.",
	CodeSAMLMetadataExpired:                "The stored metadata of the identity provider has ended.",
	CodeSAMLSignerUnknown:                  "The answer is signed with a certificate that the metadata of the identity provider does not have.",
	CodeSAMLSignerExpired:                  "The answer is signed with a certificate that has expired or is not valid yet.",
	CodeSAMLSignatureInvalid:               "A signature of the answer is wrong: the answer was changed on its way, or signed with another key.",
	CodeSAMLDestinationMismatch:            "The answer was made for another address than ours.",
	CodeSAMLUnsolicited:                    "The answer answers no request: the sign-in was begun at the identity provider.",
	CodeSAMLRequestMismatch:                "The answer answers another request than the one that this browser has sent.",
	CodeSAMLNotYetValid:                    "The answer is not valid yet: the clocks differ.",
	CodeSAMLExpired:                        "The answer has expired: the clocks differ, or it is old.",
	CodeSAMLAudienceMismatch:               "The assertion was made for another service, or does not say for which.",
	CodeSAMLConfirmationMissing:            "The assertion does not say who may present it, or says it more than once.",
	CodeSAMLConfirmationMethod:             "The assertion may be presented by the holder of a key only, or by another method than bearer.",
	CodeSAMLRecipientMismatch:              "The assertion was made for delivery to another address than ours.",
	CodeSAMLNameIDMissing:                  "The assertion does not name its user, or names more than one.",
	CodeSAMLNameIDFormat:                   "The NameID has a format that does not name a user for good, such as transient.",
	CodeSAMLNameIDInvalid:                  "The NameID is empty, longer than 255 characters, or no printable text.",
}

// Codes lists all codes in their order.
func Codes() []Code { return slices.Sorted(maps.Keys(codes)) }

// Meaning is the sentence on what the code means, for the docs and the API; "" for an unknown code.
func (c Code) Meaning() string { return codes[c] }
