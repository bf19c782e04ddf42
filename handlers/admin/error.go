package admin

import (
	"github.com/labstack/echo/v4"

	views "sallyport/views/admin"
)

// Failure draws the error page. Package web decides status and words: it is the one place where
// errors become HTTP.
func (h *Console) Failure(c echo.Context, status int, f views.Failure) error {
	return render(c, status, views.ErrorPage(h.chrome(c, f.Title, ""), f))
}
