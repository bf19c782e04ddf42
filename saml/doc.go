// Package saml is the identity source "SAML": it sends a browser to an identity provider (IdP) and turns the IdP's answer
// into a vpn.ProviderUser (guide, "Single sign-on (SAML 2.0-based federated authentication)"). It knows no HTTP session
// and no database. A sign-in asks nothing over the network: what an IdP says comes through the browser or was stored before.
// Only Fetcher reads a metadata document from a URL, when an administrator asks.
//
// crewjam/saml verifies signatures and reads answers. In front of it stands a guard: size, markup, places of elements and
// algorithms are checked before the library sees an answer, and what the answer is for is checked again after it (see
// ServiceProvider.Accept). Answers are used once: that is the database's part, by vpn.SAMLAnswer.AssertionID.
package saml
