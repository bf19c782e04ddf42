package endpoint

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"sallyport/control/endpoint"
	"sallyport/handlers/admin/page"
	"sallyport/views/parts"
	"sallyport/vpn"
)

// endpointInput is the endpoint form as typed, for a new endpoint and for a modification. A modification sends no
// value for what is immutable.
type endpointInput struct {
	Version            string `form:"version"`
	Name               string `form:"name"`
	Description        string `form:"description"`
	ClientCIDR         string `form:"client_cidr"`
	Certificate        string `form:"certificate"`
	UserBased          string `form:"user_based"`
	UserAuthentication string `form:"user_authentication"`
	Directory          string `form:"directory"`
	SAML               string `form:"saml"`
	PortalSAML         string `form:"portal_saml"`
	SelfServicePortal  string `form:"self_service_portal"`
	Mutual             string `form:"mutual"`
	ClientCA           string `form:"client_ca"`
	Transport          string `form:"transport"`
	ListenAddr         string `form:"listen_addr"`
	Port               string `form:"port"`
	Network            string `form:"network"`
	page.TagInput

	fresh bool              // nothing was typed yet
	typed map[string]string // the options that the form offers, by field name
}

func bindEndpoint(c echo.Context) (endpointInput, error) {
	var in endpointInput
	if err := page.Bind(c, &in); err != nil {
		return in, err
	}
	in.typed = map[string]string{}
	for _, opt := range endpointOptions {
		if opt.field.Name != "" {
			in.typed[opt.field.Name] = c.Request().PostForm.Get(opt.field.Name)
		}
	}
	return in, nil
}

// inputOf is the form as it shows a stored endpoint.
func inputOf(e vpn.Endpoint) endpointInput {
	return endpointInput{
		Version: strconv.Itoa(e.Version), Name: e.Name, Description: e.Description,
		Certificate: string(e.Certificate), Port: strconv.Itoa(int(e.Listen.Port)), Network: chosen(e), typed: endpointOptions.values(e.ClientOptions),
		SelfServicePortal: parts.YesNo(e.SelfServicePortal, "on", ""),
	}
}

// inputOfEdit is the form as it would show the endpoint after a modification.
func inputOfEdit(edit vpn.EndpointEdit) endpointInput {
	return endpointInput{
		Name: strings.TrimSpace(edit.Name), Description: strings.TrimSpace(edit.Description), Certificate: string(edit.Certificate),
		Port: cmp.Or(strings.TrimSpace(edit.Port), strconv.Itoa(vpn.DefaultPort)), Network: string(edit.Network), typed: endpointOptions.values(edit.ClientOptions),
		SelfServicePortal: parts.YesNo(edit.SelfServicePortal, "on", ""),
	}
}

// options are base with what was typed in their place.
func (in endpointInput) options(base vpn.ClientOptions) (vpn.ClientOptions, error) {
	return endpointOptions.read(func(field string) string { return in.typed[field] }, base)
}

func (in endpointInput) spec() vpn.EndpointSpec {
	options, unread := in.options(vpn.DefaultOptions())
	return vpn.EndpointSpec{
		Name: in.Name, Description: in.Description, ClientCIDR: in.ClientCIDR,
		Certificate: vpn.CertificateID(in.Certificate),
		UserBased:   in.UserBased != "", UserAuthentication: vpn.UserAuthentication(in.UserAuthentication), Directory: vpn.DirectoryID(in.Directory),
		SAML: vpn.SAMLProviderID(in.SAML), PortalSAML: vpn.SAMLProviderID(in.PortalSAML), SelfServicePortal: in.SelfServicePortal != "", Mutual: in.Mutual != "", ClientCA: vpn.CertificateID(in.ClientCA),
		Transport: vpn.Transport(in.Transport), ListenAddr: in.ListenAddr, Port: in.Port, Network: vpn.NetworkID(in.Network), Tags: in.Tags(),
		ClientOptions: options, Unread: unread,
	}
}

// edit needs the stored endpoint for the options that the form does not offer. The version protects them: a save in
// between makes the edit stale.
func (in endpointInput) edit(stored endpoint.View) vpn.EndpointEdit {
	version, _ := strconv.Atoi(in.Version) // text that is no number is a version that was never saved
	options, unread := in.options(stored.ClientOptions)
	if in.Network == "" && isAssociated(stored) { // the form shows it as a fact
		in.Network = chosen(stored.Endpoint)
	}
	return vpn.EndpointEdit{
		Version: version, Name: in.Name, Description: in.Description,
		Certificate: vpn.CertificateID(in.Certificate), Port: in.Port, Network: vpn.NetworkID(in.Network), SelfServicePortal: in.SelfServicePortal != "", ClientOptions: options, Unread: unread,
	}
}

// isAssociated tells whether an endpoint has a target network that is not being removed.
func isAssociated(v endpoint.View) bool {
	return slices.ContainsFunc(v.Associations, func(a vpn.AssociationStatus) bool { return a.Removed == 0 })
}

// chosen is the network that was chosen for an endpoint; "" for none.
func chosen(e vpn.Endpoint) string {
	if e.NetworkChosen {
		return string(e.Network)
	}
	return ""
}
