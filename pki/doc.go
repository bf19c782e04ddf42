// Package pki makes and judges keys and certificates: the certificate authorities that the
// console creates, the server and client certificates that they issue, the PEM that people
// import, the console's own self-signed certificate, OpenVPN's shared keys, and the sealing of
// secrets at rest.
//
// It is crypto/x509 throughout and starts no program. It knows no database and no HTTP: it takes
// and gives PEM text, and what is wrong with an import comes back as a *vpn.Error with a sentence
// for the form fields certificate, private_key and chain.
package pki

// Maker makes and judges certificates. It is what main hands to the use cases, which declare the
// interface; it has no state.
type Maker struct{}
