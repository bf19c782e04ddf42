// Package saml is the room of the SAML identity source: it turns an IdP's response into a
// vpn.Identity and knows no HTTP session and no database.
//
// The room is empty: endpoints authenticate with certificates only, and the console offers
// nothing else. What belongs here is in DESIGN's security floor: the guard in front of
// crewjam/saml, which is not safe alone.
package saml
