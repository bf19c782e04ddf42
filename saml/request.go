package saml

import (
	"encoding/xml"

	crewjam "github.com/crewjam/saml"
)

// Request makes a request for one sign-in: its ID, which the answer names, and the URL that the browser opens at the IdP
// (HTTP-Redirect). The relay state comes back with the answer; it has at most 80 bytes.
func (sp *ServiceProvider) Request(relayState string) (id, redirectURL string, err error) {
	library := sp.libraryAt(sp.now())
	request, err := library.MakeAuthenticationRequest(sp.idp.SignInURL, crewjam.HTTPRedirectBinding, crewjam.HTTPPostBinding)
	if err != nil {
		return "", "", err
	}
	to, err := request.Redirect(relayState, library)
	if err != nil {
		return "", "", err
	}
	return request.ID, to.String(), nil
}

// Metadata is the document that an IdP reads to know this provider: entity ID, ACS URL and, where requests are signed, the
// certificate.
func (sp *ServiceProvider) Metadata() ([]byte, error) {
	own := sp.libraryAt(sp.now()).Metadata()
	for i := range own.SPSSODescriptors {
		role := &own.SPSSODescriptors[i]
		role.SingleLogoutServices = nil // there is no single logout
		role.NameIDFormats = []crewjam.NameIDFormat{crewjam.EmailAddressNameIDFormat, crewjam.PersistentNameIDFormat, crewjam.UnspecifiedNameIDFormat}
		signing := role.KeyDescriptors[:0]
		for _, key := range role.KeyDescriptors {
			if key.Use != "encryption" { // encrypted assertions are refused
				signing = append(signing, key)
			}
		}
		role.KeyDescriptors = signing
	}
	body, err := xml.MarshalIndent(own, "", "  ")
	if err != nil {
		return nil, err
	}
	return append([]byte(xml.Header), append(body, '\n')...), nil
}
