package web

import (
	"context"
	"log/slog"

	"github.com/labstack/echo/v4"

	"sallyport/control/branding"
	"sallyport/handlers/portal/page"
	views "sallyport/views/portal"
)

// brandPages has pages say of themselves what the administrators have set. Where the database does not answer, they carry the
// product's name.
func brandPages(service *branding.Service, log *slog.Logger) echo.MiddlewareFunc {
	brand := func(ctx context.Context) views.Brand {
		b, err := service.Shown(ctx)
		if err != nil && ctx.Err() == nil {
			log.WarnContext(ctx, "the title and the logo of the public pages were not read", "err", err)
		}
		return page.BrandOf(b)
	}
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			page.SetBrand(c, brand)
			return next(c)
		}
	}
}
