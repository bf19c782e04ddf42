// Package ldap is the room of the LDAP and Active Directory identity source: it turns a user
// name and a password into a vpn.Identity and knows no HTTP session and no database.
//
// The room is empty: endpoints authenticate with certificates only, and the console offers
// nothing else.
package ldap
