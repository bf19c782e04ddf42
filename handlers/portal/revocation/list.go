// Package revocation holds the public action that sends the certificate revocation lists that are made here.
package revocation

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"sallyport/handlers/portal/page"
	"sallyport/vpn"
)

// Lists are the lists.
type Lists interface {
	// PublishedList is the signed list of an authority, in DER. NotFound where there is none.
	PublishedList(ctx context.Context, id vpn.CertificateID) ([]byte, vpn.RevocationList, error)
}

// Pages are the actions.
type Pages struct{ lists Lists }

// New makes the actions.
func New(l Lists) *Pages { return &Pages{l} }

var errNoList = vpn.Refuse(vpn.NotFound, vpn.CodeCRLNotFound, "There is no such page.")

// listLife is how long a list may be kept: a revocation is in force here at once, and elsewhere after that.
const listLife = "public, max-age=300"

// Send sends the list of an authority, as it was signed last. Every web process sends the same one.
func (h *Pages) Send(c echo.Context) error {
	id, isList := strings.CutSuffix(c.Param("file"), ".crl")
	if !isList {
		return errNoList
	}
	der, list, err := h.lists.PublishedList(page.Context(c), vpn.CertificateID(id))
	if vpn.KindOf(err) == vpn.NotFound {
		return errNoList
	}
	if err != nil {
		return err
	}
	sum := sha256.Sum256(der)
	tag := `"` + hex.EncodeToString(sum[:16]) + `"`
	header := c.Response().Header()
	header.Set(echo.HeaderCacheControl, listLife)
	header.Set("ETag", tag)
	header.Set(echo.HeaderLastModified, list.ThisUpdate.UTC().Format(http.TimeFormat))
	if strings.Contains(c.Request().Header.Get("If-None-Match"), tag) {
		return c.NoContent(http.StatusNotModified)
	}
	return c.Blob(http.StatusOK, "application/pkix-crl", der)
}
