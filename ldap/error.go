package ldap

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"

	goldap "github.com/go-ldap/ldap/v3"

	"sallyport/vpn"
)

// The refusals of a sign-in. What the user is told of them decides vpn.Code: an unknown user, a wrong password and a
// locked account are one to the outside.
var (
	errCredentials   = vpn.Refuse(vpn.Denied, vpn.CodeUserCredentials, "The user name or the password is wrong.")
	errUnknownUser   = vpn.Refuse(vpn.Denied, vpn.CodeUserUnknown, "The directory has no such user, or the user filter leaves the user out.")
	errAmbiguousUser = vpn.Refuse(vpn.Denied, vpn.CodeUserAmbiguous, "More than one user of the directory has this name.")
	errLocked        = vpn.Refuse(vpn.Denied, vpn.CodeUserLocked, "The directory has locked the account after wrong passwords.")
	errDisabled      = vpn.Refuse(vpn.Denied, vpn.CodeUserDisabled, "The account is disabled in the directory.")
	errExpired       = vpn.Refuse(vpn.Denied, vpn.CodeUserExpired, "The account has expired in the directory.")
	errPasswordEnded = vpn.Refuse(vpn.Denied, vpn.CodeUserPasswordExpired, "The password has expired. Change it on a computer of your company, then connect again.")
	errMustChange    = vpn.Refuse(vpn.Denied, vpn.CodeUserPasswordMustChange, "The password must be changed before the first sign-in. Change it on a computer of your company, then connect again.")
	errRestricted    = vpn.Refuse(vpn.Denied, vpn.CodeUserRestricted, "The directory does not let the account sign in at this time or from this server.")
)

// activeDirectoryReasons are the reasons in the text of Active Directory's "invalid credentials", by their hexadecimal
// Windows error code. All but 525, 52e and 775 are told only with the right password (measured with Samba 4.17 too).
var activeDirectoryReasons = map[string]*vpn.Error{
	"525": errUnknownUser, "52e": errCredentials, "530": errRestricted, "531": errRestricted, "532": errPasswordEnded,
	"533": errDisabled, "701": errExpired, "773": errMustChange, "775": errLocked,
}

// bindRefusal says why the directory refused a user's password; nil where the error is none of the user's.
func bindRefusal(err error, control goldap.Control) *vpn.Error {
	if policy, ok := control.(*goldap.ControlBeheraPasswordPolicy); ok {
		switch policy.Error {
		case goldap.BeheraPasswordExpired:
			return errPasswordEnded
		case goldap.BeheraAccountLocked:
			return errLocked
		case goldap.BeheraChangeAfterReset:
			return errMustChange
		}
	}
	if err == nil {
		return nil
	}
	e, ok := errors.AsType[*goldap.Error](err)
	if !ok {
		return nil
	}
	switch e.ResultCode {
	case goldap.LDAPResultInvalidCredentials:
		if _, data, found := strings.Cut(e.Err.Error(), ", data "); found {
			code, _, _ := strings.Cut(data, ",")
			if refusal, known := activeDirectoryReasons[code]; known {
				return refusal
			}
		}
		return errCredentials
	case goldap.LDAPResultNoSuchObject, goldap.LDAPResultInappropriateAuthentication, goldap.LDAPResultInvalidDNSyntax:
		return errCredentials
	case goldap.LDAPResultUnwillingToPerform, goldap.LDAPResultConstraintViolation: // a disabled or locked account elsewhere
		return errLocked
	}
	return nil
}

// unavailable is the error where the directory itself is in the way. The sentence is for administrators.
func unavailable(sentence string, cause error) error {
	return vpn.Refuse(vpn.Unavailable, vpn.CodeDirectoryUnavailable, sentence).Because(cause)
}

// misconfigured is the error where the settings of the directory have to change. The sentence says what to do.
func misconfigured(sentence string, cause error) error {
	return vpn.Refuse(vpn.Unavailable, vpn.CodeDirectoryMisconfigured, sentence).Because(cause)
}

// connectFault says what is wrong with a connection to a server, and what to do.
func connectFault(host string, err error) error {
	if wrongName, ok := errors.AsType[x509.HostnameError](err); ok {
		names := wrongName.Certificate.DNSNames
		for _, ip := range wrongName.Certificate.IPAddresses {
			names = append(names, ip.String())
		}
		if len(names) == 0 {
			names = []string{"no name at all"}
		}
		return misconfigured(fmt.Sprintf("The certificate is for %s, the URL says %s. Write the name of the certificate in the URL.", strings.Join(names, ", "), host), err)
	}
	if unknown, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		issuer := "an unknown authority"
		if unknown.Cert != nil {
			issuer = unknown.Cert.Issuer.String()
		}
		return misconfigured(fmt.Sprintf("The certificate of %s was issued by %s, which is not trusted. Paste that authority's certificate.", host, issuer), err)
	}
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok {
		if invalid.Reason == x509.Expired {
			return unavailable(fmt.Sprintf("A certificate of %s has expired or is not valid yet: %s is valid from %s to %s.", host, invalid.Cert.Subject,
				invalid.Cert.NotBefore.UTC().Format("2 January 2006"), invalid.Cert.NotAfter.UTC().Format("2 January 2006")), err)
		}
		return misconfigured(fmt.Sprintf("The certificate of %s cannot be used: %v.", host, invalid), err)
	}
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		return unavailable(host+" does not answer in time. Check the address, the port and the firewalls on the way.", err)
	}
	if noName, ok := errors.AsType[*net.DNSError](err); ok {
		return unavailable(fmt.Sprintf("The name %s cannot be resolved.", noName.Name), err)
	}
	if cause, ok := errors.AsType[syscall.Errno](err); ok {
		return unavailable(fmt.Sprintf("%s cannot be reached: %v. Check the address, the port and the firewalls on the way.", host, cause), err)
	}
	return unavailable(fmt.Sprintf("%s does not speak TLS and LDAP as the URL says: %v. Check the scheme and the port.", host, err), err)
}

// searchFault says what is wrong where the service account's search failed.
func searchFault(base string, err error) error {
	switch {
	case goldap.IsErrorWithCode(err, goldap.LDAPResultNoSuchObject):
		return misconfigured(fmt.Sprintf("The directory has no %s. Correct the base DN.", base), err)
	case goldap.IsErrorWithCode(err, goldap.LDAPResultInsufficientAccessRights):
		return misconfigured("The service account may not search the directory. Give it the right to read users and groups.", err)
	case goldap.IsErrorWithCode(err, goldap.LDAPResultReferral):
		return misconfigured(fmt.Sprintf("The directory answers that %s is kept by another server. References to other servers are not followed: correct the base DN, or name that server in the URLs.", base), err)
	}
	return unavailable(fmt.Sprintf("The directory did not answer a search: %v.", err), err)
}
