package web

import (
	"sallyport/handlers/admin"
	"sallyport/vpn"
)

// TableRow is a route for tests outside the package.
type TableRow struct {
	Method, Path string
	Policy       string
}

// Table is the route table as registered.
func Table(s admin.Services) []TableRow {
	names := map[callers]string{everyClient: "public", beforeSetup: "setup", everyAccount: "signed-in"}
	var out []TableRow
	for _, r := range routes(admin.New(admin.Config{Services: s}), s.Access) {
		name := names[r.policy.callers]
		if r.policy.action.Access() == vpn.Writes {
			name = "may-change"
		}
		out = append(out, TableRow{r.method, r.path, name})
	}
	return out
}
