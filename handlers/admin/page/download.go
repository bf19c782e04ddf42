package page

import (
	"mime"
	"net/http"

	"github.com/labstack/echo/v4"
)

// Download sends text as a file that the browser saves. No cache keeps it.
func Download(c echo.Context, name, kind, text string) error {
	h := c.Response().Header()
	h.Set(echo.HeaderContentDisposition, mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	h.Set(echo.HeaderCacheControl, "no-store")
	return c.Blob(http.StatusOK, kind, []byte(text))
}
