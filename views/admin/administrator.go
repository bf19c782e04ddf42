package admin

import "sallyport/views/parts"

// AdministratorRow is a line of the list of administrators.
type AdministratorRow struct {
	Username, Href, Role, State string
	Self                        bool
	LastSignIn, Created         parts.When
}
