// Package ldap is the identity source "directory": it turns a user name and a password into a vpn.Identity by asking an
// Active Directory or another LDAP server (guide, "Active Directory authentication"). It knows no HTTP session and no
// database; nothing that it is given is stored, and a password is passed to the directory alone.
//
// A Directory has connections of its service account, which searches, in a small pool; each password is proved on a
// connection of its own, so that the service account's connections never change who they are. Every step has a time
// limit, and no Directory waits for another one.
package ldap
