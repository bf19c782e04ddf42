// Package device holds the use cases of devices: users make a configuration file with a client certificate for each of their
// devices in the self-service portal, and they and administrators revoke the certificates.
package device

import (
	"context"
	"time"

	"sallyport/control"
	"sallyport/control/endpoint"
	"sallyport/vpn"
)

// PKI makes certificates.
type PKI interface {
	Issue(authority vpn.KeyPair, use vpn.CertificateUse, s vpn.CertificateSpec, now time.Time) (vpn.KeyPair, error)
	Facts(certificate string) (vpn.CertificateFacts, error)
}

// Files renders configuration files.
type Files interface {
	PlainFile(ctx context.Context, id vpn.EndpointID, commandLine bool) (file endpoint.Configuration, revision string, err error)
	DeviceFile(ctx context.Context, id vpn.EndpointID, client vpn.ProfileClient, commandLine bool) (file endpoint.Configuration, revision string, err error)
}

// Config is what the use cases need. Every field is required.
type Config struct {
	Core  *control.Core
	PKI   PKI
	Files Files
}

// Service is the use cases of devices.
type Service struct {
	Config
	core *control.Core
}

// New makes the use cases.
func New(c Config) *Service { return &Service{Config: c, core: c.Core} }
