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

// How slowly a browser may take a file: it gets a piece within stall, and slowest bytes a second after that much time. A browser that
// was too slow goes on where it was, by a request of its own.
const (
	stall   = 2 * time.Minute
	slowest = 16 << 10
)

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
	w := &patientWriter{ResponseWriter: c.Response(), control: http.NewResponseController(c.Response()), began: time.Now()}
	http.ServeContent(w, c.Request(), "", i.At, file)
	return nil
}

// patientWriter gives each piece of a file its own time, as long as the browser takes the file fast enough: it keeps one of few places.
type patientWriter struct {
	http.ResponseWriter
	control *http.ResponseController
	began   time.Time
	sent    int64
}

func (w *patientWriter) Write(b []byte) (int, error) {
	_ = w.control.SetWriteDeadline(w.deadline(time.Now())) // a writer without deadlines is one of a test
	n, err := w.ResponseWriter.Write(b)
	w.sent += int64(n)
	return n, err
}

// deadline is when the next piece has to be taken.
func (w *patientWriter) deadline(now time.Time) time.Time {
	patience := w.began.Add(stall + time.Duration(w.sent)*time.Second/slowest)
	if of := now.Add(stall); of.Before(patience) {
		return of
	}
	return patience
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
