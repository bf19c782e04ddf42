package page

import (
	"github.com/labstack/echo/v4"

	views "sallyport/views/admin"
)

// Failure answers with the error page. Package web translates errors into the status and the text.
func (p *Pages) Failure(c echo.Context, status int, f views.Failure) error {
	return Render(c, status, views.ErrorPage(p.Chrome(c, f.Title, ""), f))
}
