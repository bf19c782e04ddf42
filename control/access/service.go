// Package access holds the use cases of who may use the console: accounts, passwords, sign-in,
// sessions and the set-up link.
package access

import (
	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// Service is the use cases of accounts and sessions. It keeps throttles only between calls.
type Service struct {
	core      *control.Core
	limits    vpn.SessionLimits
	passwords *passwordHasher
	signIns   *throttle
	sealer    store.Sealer // of the marks of browsers
}

// New makes the use cases.
func New(core *control.Core, limits vpn.SessionLimits) *Service {
	return &Service{core: core, limits: limits, passwords: newPasswordHasher(), signIns: newThrottle(core.Now), sealer: core.Sealer()}
}
