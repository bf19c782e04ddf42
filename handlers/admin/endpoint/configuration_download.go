package endpoint

import (
	"github.com/labstack/echo/v4"

	"sallyport/handlers/admin/page"
	"sallyport/vpn"
)

// Download sends the file without a client certificate.
func (h *Configuration) Download(c echo.Context) error {
	file, err := h.endpoints.ClientConfiguration(page.Context(c), page.Principal(c), endpointID(c), "")
	if err != nil {
		return err
	}
	return page.Download(c, file.FileName, "application/x-openvpn-profile", file.Text)
}

// DownloadForCommandLine sends the file for OpenVPN's command line, without a client certificate.
func (h *Configuration) DownloadForCommandLine(c echo.Context) error {
	file, err := h.endpoints.CommandLineConfiguration(page.Context(c), page.Principal(c), endpointID(c), "")
	if err != nil {
		return err
	}
	return page.Download(c, file.FileName, "application/x-openvpn-profile", file.Text)
}

type configurationInput struct {
	Client      string `form:"client"`
	CommandLine string `form:"command_line"`
}

// DownloadWithClient sends the file with the certificate and key of one client.
func (h *Configuration) DownloadWithClient(c echo.Context) error {
	var in configurationInput
	if err := page.Bind(c, &in); err != nil {
		return err
	}
	if in.Client == "" {
		var check vpn.Check
		check.Bad("client", "Choose the client certificate to include in the file.")
		return h.renderView(c, in, check.Err())
	}
	export := h.endpoints.ClientConfiguration
	if in.CommandLine != "" {
		export = h.endpoints.CommandLineConfiguration
	}
	file, err := export(page.Context(c), page.Principal(c), endpointID(c), vpn.CertificateID(in.Client))
	if page.BelongsInForm(err) {
		return h.renderView(c, in, err)
	}
	if err != nil {
		return err
	}
	return page.Download(c, file.FileName, "application/x-openvpn-profile", file.Text)
}
