// Package network holds the use cases of networks and their subnets.
package network

import "sallyport/control"

// Service is the use cases of networks and subnets.
type Service struct {
	core   *control.Core
	router control.Router
}

// New makes the use cases.
func New(core *control.Core, router control.Router) *Service {
	return &Service{core: core, router: router}
}
