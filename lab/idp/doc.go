// Package idp starts a real SAML identity provider for tests, SimpleSAMLphp, and has a person sign in there. Only tests
// import it.
package idp
