package page

import (
	"mime"
	"net/http"

	"github.com/labstack/echo/v4"
)

// SendProfile sends a client configuration file as a download. whole: all of it has left for the browser; where the connection was
// cut before, the user repeats the download.
func SendProfile(c echo.Context, name, text string) (whole bool) {
	w := c.Response()
	w.Header().Set(echo.HeaderContentDisposition, mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	if err := c.Blob(http.StatusOK, "application/x-openvpn-profile", []byte(text)); err != nil {
		return false
	}
	return http.NewResponseController(w.Writer).Flush() == nil // echo's own Flush drops the error
}
