// Package user holds the use cases of VPN users and their groups: who has signed in or tried to, what they can reach,
// and who is blocked.
package user

import "sallyport/control"

// Service is the use cases of VPN users.
type Service struct{ core *control.Core }

// New makes the use cases.
func New(core *control.Core) *Service { return &Service{core} }
