// Package tutorial finds which steps of the guide's tutorial are done.
package tutorial

import "sallyport/control"

// Service is the use case.
type Service struct {
	core *control.Core
}

// New makes the use case.
func New(core *control.Core) *Service { return &Service{core: core} }
