package admin

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"sallyport/vpn"
)

const pemKind = "application/x-pem-file"

// bundle puts PEM texts one below the other.
func bundle(texts ...string) string {
	var b strings.Builder
	for _, t := range texts {
		if t = strings.TrimSpace(t); t != "" {
			b.WriteString(t + "\n")
		}
	}
	return b.String()
}

// CertificateDownload sends a certificate with its chain, without its key.
func (h *Console) CertificateDownload(c echo.Context) error {
	cert, err := h.certificates.Certificate(ctx(c), principal(c), certificateID(c))
	if err != nil {
		return err
	}
	return download(c, cert.FileBase()+".crt", pemKind, bundle(cert.PEM, cert.Chain))
}

// CertificateKey sends a client's certificate with its private key, once.
func (h *Console) CertificateKey(c echo.Context) error {
	pair, name, err := h.certificates.TakeClientKey(ctx(c), principal(c), certificateID(c))
	if err != nil && vpn.KindOf(err) == vpn.Conflict {
		return h.drawCertificate(c, http.StatusConflict, refusal(err))
	}
	if err != nil {
		return err
	}
	return download(c, name+".pem", pemKind, bundle(pair.Certificate, pair.Chain, pair.Key.Reveal()))
}
