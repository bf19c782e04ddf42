package user

import (
	"context"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// OpenReport is a report that waits for an administrator.
type OpenReport struct {
	vpn.UserReport
	User vpn.UserID // empty: the user is not in the list any more
}

// reportsInBanner is how many reports every page shows.
const reportsInBanner = 3

// OpenReports gives the newest reports of users that no administrator has acknowledged, for the banner of every page, and whether
// there are more. Where they cannot be read there are none: the rest of the page is still correct.
func (s *Service) OpenReports(ctx context.Context) (out []OpenReport, more bool) {
	err := s.core.Glance(ctx, func(tx *store.Tx) error {
		open, err := tx.OpenUserReports(ctx, reportsInBanner+1)
		if err != nil || len(open) == 0 {
			return err
		}
		refs := make([]vpn.UserRef, len(open))
		for i, r := range open {
			refs[i] = r.UserRef
		}
		users, err := tx.VPNUsersOf(ctx, refs...)
		for _, r := range open[:min(len(open), reportsInBanner)] {
			out = append(out, OpenReport{r, users[r.UserRef].ID})
		}
		more = len(open) > reportsInBanner
		return err
	})
	if err != nil {
		return nil, false
	}
	return out, more
}

// AcknowledgeReport notes that an administrator has seen a report of a user: no page shows it any more. NotFound where the user has
// no such report; Conflict where it was acknowledged.
func (s *Service) AcknowledgeReport(ctx context.Context, by control.Principal, id vpn.UserID, report vpn.UserReportID) error {
	return s.core.Change(ctx, by, vpn.AcknowledgeReport, string(report), func(tx *store.Tx, a *vpn.AuditRecord) error {
		u, err := tx.VPNUser(ctx, id)
		if err != nil {
			return err
		}
		r, err := tx.UserReport(ctx, report)
		if err != nil {
			return err
		}
		if r.UserRef != u.UserRef {
			return vpn.NoSuch(vpn.CodeUserReportNotFound, "report", string(report))
		}
		a.Before = control.Describe(r)
		if err := r.Acknowledge(by.Name, s.core.Now()); err != nil {
			return err
		}
		a.After = control.Describe(r)
		return tx.SaveUserReport(ctx, r)
	})
}
