package admin

import (
	"mime"
	"net/http"

	"github.com/labstack/echo/v4"

	"sallyport/vpn"
)

// download sends text as a file that the browser saves and nobody caches.
func download(c echo.Context, name, kind, text string) error {
	h := c.Response().Header()
	h.Set(echo.HeaderContentDisposition, mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	h.Set(echo.HeaderCacheControl, "no-store")
	return c.Blob(http.StatusOK, kind, []byte(text))
}

// ConfigurationDownload sends the file without a client certificate.
func (h *Console) ConfigurationDownload(c echo.Context) error {
	file, err := h.endpoints.ClientConfiguration(ctx(c), principal(c), endpointID(c), "")
	if err != nil {
		return err
	}
	return download(c, file.FileName, "application/x-openvpn-profile", file.Text)
}

type configurationInput struct {
	Client string `form:"client"`
}

// ConfigurationWithClient sends the file with one client's certificate and key inside.
func (h *Console) ConfigurationWithClient(c echo.Context) error {
	var in configurationInput
	if err := bind(c, &in); err != nil {
		return err
	}
	if in.Client == "" {
		var check vpn.Check
		check.Bad("client", "Choose the client certificate to include in the file.")
		return h.drawConfiguration(c, "", check.Err())
	}
	file, err := h.endpoints.ClientConfiguration(ctx(c), principal(c), endpointID(c), vpn.CertificateID(in.Client))
	if belongsInForm(err) {
		return h.drawConfiguration(c, in.Client, err)
	}
	if err != nil {
		return err
	}
	return download(c, file.FileName, "application/x-openvpn-profile", file.Text)
}
