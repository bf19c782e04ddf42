// Package tutorial finds how far an administrator has come in the guide's tutorial.
package tutorial

import "sallyport/control"

// Service finds the progress.
type Service struct {
	core *control.Core
}

// New makes the use case.
func New(core *control.Core) *Service { return &Service{core: core} }
