// Package vpn is the domain of Sallyport: what a Client VPN is and what its rules say.
//
// It holds the nouns of the guide (endpoint, target network association, authorization rule,
// route, connection), the limits on each, the evaluation of authorization, the desired state
// that a dataplane realizes and the client configuration file. It does no I/O, knows no
// database, no HTTP and no kernel, and imports the standard library only. Everything else in
// the program either asks this package what is allowed or translates its answers.
package vpn
