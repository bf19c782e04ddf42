package portal

import "sallyport/vpn"

// MFA is the page of a user's authenticator.
type MFA struct {
	Nav
	Purpose  vpn.PortalPurpose
	Sentence string // why nothing was changed; empty: there is no such
	Done     string // what was done; empty: nothing
	Problem  string // with the typed code

	Since        Time   // when the authenticator was set up; zero: there is none
	ByUser       bool   // it was the user
	By           string // who it was
	LastCode     Time   // zero: never
	Codes        bool   // there is a set of recovery codes
	Left         string // of them
	Low          bool   // few are left
	CodesMade    Time
	RecoveryUsed Time // zero: never

	URI, Key, Account string // of what is set up; empty: nothing is
	Until             Time
	AsksCode          bool // an enrolment code comes first
}

// MFACode asks for a code before a change.
type MFACode struct {
	Nav
	Recovery bool   // the authenticator is replaced, and a recovery code may stand for its code
	Problem  string // with the typed code
}

// MFARecovery shows recovery codes.
type MFARecovery struct {
	Nav
	Codes    []string
	Enrolled bool   // an authenticator was set up
	Made     string // when, in UTC
}
