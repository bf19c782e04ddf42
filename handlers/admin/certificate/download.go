package certificate

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"sallyport/handlers/admin/page"
	"sallyport/vpn"
)

const pemKind = "application/x-pem-file"

// bundle concatenates PEM texts.
func bundle(texts ...string) string {
	var b strings.Builder
	for _, t := range texts {
		if t = strings.TrimSpace(t); t != "" {
			b.WriteString(t + "\n")
		}
	}
	return b.String()
}

// Download sends a certificate with its chain, without its key.
func (h *Certificates) Download(c echo.Context) error {
	cert, err := h.certificates.Certificate(page.Context(c), page.Principal(c), certificateID(c))
	if err != nil {
		return err
	}
	return page.Download(c, cert.FileBase()+".crt", pemKind, bundle(cert.PEM, cert.Chain))
}

// TakeKey sends a client's certificate with its private key, once.
func (h *Certificates) TakeKey(c echo.Context) error {
	pair, name, err := h.certificates.TakeClientKey(page.Context(c), page.Principal(c), certificateID(c))
	if err != nil && vpn.KindOf(err) == vpn.Conflict {
		return h.renderView(c, http.StatusConflict, page.Refusal(err))
	}
	if err != nil {
		return err
	}
	return page.Download(c, name+".pem", pemKind, bundle(pair.Certificate, pair.Chain, pair.Key.Reveal()))
}
