// Package pki makes and judges keys and certificates: the certificate authorities that the
// console creates, the server and client certificates that they issue, the PEM that people
// import, the console's own self-signed certificate, OpenVPN's shared keys, and the sealing of
// secrets at rest.
//
// It is crypto/x509 throughout and starts no program. It knows no database and no HTTP: it takes
// and gives PEM text, and what a person must mend comes back as a *vpn.Error with a sentence for
// the form field: common_name, dns_names, key_type and valid_days of a request to issue;
// certificate, private_key and chain of an import.
package pki
