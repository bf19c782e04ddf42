// Package directory starts real directories for tests: slapd, and Samba as an Active Directory. Only tests import it.
package directory
