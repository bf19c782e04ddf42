package web

import (
	"sallyport/handlers/admin"
)

// TableRow is a route for tests outside the package.
type TableRow struct {
	Method, Path string
	Policy       string
}

// Table is the route table as registered.
func Table(s admin.Services) []TableRow {
	names := map[policy]string{public: "public", setup: "setup", signedIn: "signed-in", mayChange: "may-change"}
	var out []TableRow
	for _, r := range routes(admin.New(admin.Config{Services: s}), s.Access) {
		out = append(out, TableRow{r.method, r.path, names[r.policy]})
	}
	return out
}
