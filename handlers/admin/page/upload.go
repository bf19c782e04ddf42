package page

import (
	"io"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"
)

// maxUploads bounds the files of one control. The limit of a request's body bounds their size.
const maxUploads = 20

// Upload is what a control for files sent.
type Upload struct {
	Text  string // of all files, one below the other
	Files int
}

// UploadOf reads the files of a posted form, at most maxUploads of each control.
func UploadOf(c echo.Context, name string) (Upload, error) {
	var up Upload
	form := c.Request().MultipartForm
	if form == nil {
		return up, nil
	}
	var all strings.Builder
	for _, header := range form.File[name] {
		if up.Files++; up.Files > maxUploads {
			return up, echo.NewHTTPError(http.StatusBadRequest, "There are too many files.")
		}
		f, err := header.Open()
		if err != nil {
			return up, err
		}
		_, err = io.Copy(&all, f)
		_ = f.Close()
		if err != nil {
			return up, err
		}
		if text := all.String(); text != "" && !strings.HasSuffix(text, "\n") && len(form.File[name]) > 1 {
			all.WriteByte('\n')
		}
	}
	up.Text = all.String()
	return up, nil
}
