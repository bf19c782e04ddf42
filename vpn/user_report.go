package vpn

import "time"

// UserReportID is "report-" and 17 hex digits.
type UserReportID string

// UserReport says that a user of the self-service portal did not make a sign-in: another person may know the password, or hold the
// device. Every page of the console shows it until an administrator acknowledges it.
type UserReport struct {
	ID UserReportID
	UserRef
	Name           string // of the user
	Subject        string // UserSignIn.ID
	Text           string // the sign-in, in a sentence
	Source         string // the address from which it was reported
	At             time.Time
	AcknowledgedAt time.Time // zero: no administrator has
	AcknowledgedBy string
}

// NewUserReport reports a sign-in.
func NewUserReport(u UserRef, name, subject, text, source string, now time.Time) UserReport {
	return UserReport{ID: UserReportID(newID("report-")), UserRef: u, Name: name, Subject: subject, Text: text, Source: source, At: now}
}

// Acknowledge notes that an administrator has seen the report. Conflict where one had before.
func (r *UserReport) Acknowledge(by string, now time.Time) error {
	if !r.AcknowledgedAt.IsZero() {
		return Refuse(Conflict, CodeIncorrectState, "This report was acknowledged already.")
	}
	r.AcknowledgedAt, r.AcknowledgedBy = now, by
	return nil
}

// MaxOpenReports is how many reports of one user wait for an administrator; further ones add nothing.
const MaxOpenReports = 20
