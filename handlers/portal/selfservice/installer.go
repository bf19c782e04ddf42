package selfservice

import (
	"fmt"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"sallyport/control/portal"
	"sallyport/handlers/portal/page"
	views "sallyport/views/portal"
	"sallyport/vpn"
)

// stall is how long a browser may take for a piece of a file: a slow one may take as long as it needs in all.
const stall = 2 * time.Minute

func shownInstaller(i vpn.Installer) *views.Installer {
	v := views.Installer{Label: i.Name(), Href: i.Link, Checksum: i.SHA256}
	if i.Link == "" {
		v.Href, v.Size = portal.Path+"/installers/"+string(i.Platform), megabytes(i.Size)
	}
	return &v
}

func megabytes(bytes int64) string {
	if bytes < 100_000 {
		return fmt.Sprintf("%d KB", (bytes+999)/1000)
	}
	return fmt.Sprintf("%.1f MB", float64(bytes)/1e6)
}

// Installer sends the file of a program that the administrators offer, whole or one range of it. No browser opens it by itself.
func (h *Pages) Installer(c echo.Context) error {
	i, file, err := h.installers.Open(page.Context(c), page.User(c).Principal, vpn.Platform(c.Param("platform")))
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	if asked := c.Request().Header; strings.Contains(asked.Get("Range"), ",") { // each range may read a piece of its own: the whole file costs less
		asked.Del("Range")
	}
	header := c.Response().Header()
	header.Set(echo.HeaderContentType, echo.MIMEOctetStream)
	header.Set(echo.HeaderContentDisposition, mime.FormatMediaType("attachment", map[string]string{"filename": i.FileName}))
	header.Set("ETag", `"`+i.SHA256+`"`)
	header.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	w := &patientWriter{ResponseWriter: c.Response(), control: http.NewResponseController(c.Response())}
	http.ServeContent(w, c.Request(), "", i.At, file)
	return nil
}

// patientWriter gives each piece of a file its own time.
type patientWriter struct {
	http.ResponseWriter
	control *http.ResponseController
}

func (w *patientWriter) Write(b []byte) (int, error) {
	_ = w.control.SetWriteDeadline(time.Now().Add(stall)) // a writer without deadlines is one of a test
	return w.ResponseWriter.Write(b)
}

// logoLife is how long browsers keep a logo: its address changes with it.
const logoLife = "public, max-age=31536000, immutable"

// Logo sends the logo of the public pages.
func (h *Pages) Logo(c echo.Context) error {
	digest, _ := strings.CutSuffix(c.Param("logo"), ".png")
	picture, err := h.branding.Logo(page.Context(c), digest)
	if err != nil {
		return err
	}
	c.Response().Header().Set(echo.HeaderCacheControl, logoLife)
	return c.Blob(http.StatusOK, "image/png", picture)
}
