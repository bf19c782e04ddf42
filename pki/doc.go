// Package pki creates and checks keys and certificates: the certificate authorities that the
// console creates, the server and client certificates that they issue, the PEM that people
// import, the console's own self-signed certificate, OpenVPN's shared keys, and the sealing of
// secrets at rest.
//
// It uses crypto/x509 and starts no program. It does not know databases or HTTP: it takes and returns PEM text, and
// the faults of an import are a *vpn.Error with a sentence for the form fields certificate, private_key and chain.
package pki

// Maker creates and checks certificates. It implements the interfaces that the use cases declare, and has no state.
type Maker struct{}
