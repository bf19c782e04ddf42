package user

import (
	"github.com/labstack/echo/v4"

	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/vpn"
)

// Acknowledge notes that an administrator has seen a report of a user.
func (h *Users) Acknowledge(c echo.Context) error {
	id := userID(c)
	if err := h.users.AcknowledgeReport(page.Context(c), page.Principal(c), id, vpn.UserReportID(c.Param("report"))); err != nil {
		return err
	}
	return h.pages.Done(c, "The report is acknowledged.", views.UserPath(id))
}
