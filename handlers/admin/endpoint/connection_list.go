package endpoint

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

// viewRefused is the view of the attempts that were refused, beside vpn.ViewActive and vpn.ViewEnded.
const viewRefused = "refused"

// List shows the tab Connections.
func (h *Connections) List(c echo.Context) error {
	f, view, err := h.frame(c, "connections")
	if err != nil {
		return err
	}
	v := views.ConnectionLists{Path: views.EndpointPath(view.ID, "connections"), MayChange: f.Chrome.MayChange, Now: h.pages.Now(), Endpoint: view.ID}
	for _, a := range view.Associations {
		v.Targets = append(v.Targets, cmp.Or(a.SubnetName, string(a.Subnet)))
	}
	if view.SecondCA != "" {
		list, err := h.endpoints.ClientAuthorities(page.Context(c), page.Principal(c), view.ID)
		if err != nil {
			return err
		}
		v.Authorities = map[string]string{}
		for _, a := range list.Trusted {
			v.Authorities[a.Key] = a.Label
		}
	}
	if done, err := h.fill(c, &v); done || err != nil {
		return err
	}
	f.Live = liveTab(c, f, v.List.Part, uncounted(v.Rows), v.Attempts, v.List.Total, v.Tabs)
	v.Live, v.Fragment = f.Live, f.Fragment
	v.Live.Also = append(v.Live.Also, viewCounts(v)...)
	return page.RenderLive(c, f.Live, views.EndpointConnections(f, v))
}

// ListAll shows the page Connections, which has those of every endpoint.
func (h *Connections) ListAll(c echo.Context) error {
	v := views.ConnectionLists{Path: "/connections", MayChange: page.Principal(c).Role.MayChange(), Now: h.pages.Now(), Fragment: page.Fragment(c)}
	if done, err := h.fill(c, &v); done || err != nil {
		return err
	}
	v.Live = page.Live(c, v.List.Part, page.RenewOften, uncounted(v.Rows), v.Attempts, v.EndpointNames, v.List.Total, v.Tabs)
	v.Live.Also = viewCounts(v)
	if !v.Fragment {
		v.Chrome = h.pages.Chrome(c, "Connections", "connections")
	}
	return page.RenderLive(c, v.Live, views.AllConnections(v))
}

// viewCounts are the IDs of the counts of the views, which are renewed with the list.
func viewCounts(v views.ConnectionLists) []string {
	return []string{v.Tabs[0].CountID, v.Tabs[1].CountID, v.Tabs[2].CountID}
}

// fill reads the view that the query names. It is done where the list was sent as a file.
func (h *Connections) fill(c echo.Context, v *views.ConnectionLists) (done bool, err error) {
	v.View = cmp.Or(c.QueryParam("view"), vpn.ViewActive)
	if c.QueryParam("status") == string(vpn.ConnectionTerminated) { // the address of an earlier version
		v.View = vpn.ViewEnded
	}
	if v.View != vpn.ViewEnded && v.View != viewRefused {
		v.View = vpn.ViewActive
	}
	v.Tabs = []parts.Tab{
		{Label: "Active", Href: v.Path, Current: v.View == vpn.ViewActive, CountID: "active-count"},
		{Label: "Ended", Href: v.Path + "?view=" + vpn.ViewEnded, Current: v.View == vpn.ViewEnded, CountID: "ended-count"},
		{Label: "Refused", Href: v.Path + "?view=" + viewRefused, Current: v.View == viewRefused, CountID: "refused-count"},
	}
	counts, err := h.endpoints.ConnectionCounts(page.Context(c), page.Principal(c), v.Endpoint)
	if err != nil {
		return false, err
	}
	v.Tabs[0].Count, v.Tabs[1].Count, v.Tabs[2].Count = count(counts.Active), orMore(counts.Ended, counts.MoreEnded), orMore(counts.Refused, counts.MoreRefused)
	if v.View == viewRefused {
		return h.fillAttempts(c, v)
	}
	return h.fillConnections(c, v)
}

func (h *Connections) fillConnections(c echo.Context, v *views.ConnectionLists) (bool, error) {
	l := page.ListOf(c)
	var filters []parts.Filter
	if v.View == vpn.ViewActive {
		filters = []parts.Filter{statusFilter(), platformFilter()}
		if len(v.Targets) > 1 {
			filters = append(filters, page.ChoiceFilter("target", "Target network", "Every target network", v.Targets...))
		}
	}
	filters = page.Narrow(c, &l, filters...)
	l.Filter["view"] = v.View
	read := func(l vpn.List) (vpn.Page[vpn.ConnectionSummary], error) {
		return h.endpoints.Connections(page.Context(c), page.Principal(c), v.Endpoint, l)
	}
	if page.WantsFile(c) {
		return true, page.Export(c, "connections-"+v.View, l, read, connectionCells)
	}
	found, err := read(l)
	if err != nil {
		return false, err
	}
	v.List, v.Rows = page.ListView(c, l, found), found.Items
	v.List.Caption, v.List.Noun, v.List.Plural, v.List.Hint = "Connections", "connection", "connections", "user, client IP, device address or ID"
	v.List.Filters, v.List.Part, v.List.Columns, v.List.Empty = filters, "connections", v.Columns(), h.emptyConnections(*v)
	if v.View != vpn.ViewActive {
		v.List.Extra = map[string][]string{"view": {v.View}}
	}
	if v.MayChange && v.View == vpn.ViewActive {
		v.List.Bulk = []parts.BulkAction{{Label: "Terminate connections", Path: v.Path + "/terminate"}}
	}
	return false, nil
}

// orMore is the count of a tab whose rows are counted up to a limit.
func orMore(n int, more bool) string {
	if more {
		return count(n) + "+"
	}
	return count(n)
}

func (h *Connections) fillAttempts(c echo.Context, v *views.ConnectionLists) (bool, error) {
	l := page.ListOf(c)
	var occurring map[vpn.Code]int
	read := func(l vpn.List) (vpn.Page[vpn.Attempt], error) {
		return h.endpoints.AllAttempts(page.Context(c), page.Principal(c), l)
	}
	sorted := func(string) string { return "" } // those of every endpoint may be many
	if v.Endpoint != "" {
		attempts, err := h.endpoints.Attempts(page.Context(c), page.Principal(c), v.Endpoint)
		if err != nil {
			return false, err
		}
		occurring = map[vpn.Code]int{}
		for _, a := range attempts {
			occurring[a.Code]++
		}
		read = func(l vpn.List) (vpn.Page[vpn.Attempt], error) { return vpn.Select(attempts, l, attemptFields), nil }
		sorted = func(key string) string { return key }
	}
	if v.Endpoint == "" {
		var err error
		if occurring, err = h.endpoints.AttemptCodes(page.Context(c), page.Principal(c)); err != nil {
			return false, err
		}
	}
	filters := page.Narrow(c, &l, codeFilter(occurring))
	if page.WantsFile(c) {
		return true, page.Export(c, "refused-attempts", l, read, attemptCells)
	}
	found, err := read(l)
	if err != nil {
		return false, err
	}
	if v.Endpoint == "" {
		if v.EndpointNames, err = h.endpoints.EndpointNames(page.Context(c), page.Principal(c), vpn.IDsOf(found.Items, func(a vpn.Attempt) vpn.EndpointID { return a.Endpoint })...); err != nil {
			return false, err
		}
	}
	v.List, v.Attempts = page.ListView(c, l, found), found.Items
	v.List.Caption, v.List.Noun, v.List.Plural, v.List.Hint = "Refused attempts", "refused attempt", "refused attempts", "common name, device address, code or reason"
	v.List.Filters, v.List.Part, v.List.Extra = filters, "attempts", map[string][]string{"view": {viewRefused}}
	v.List.Columns = []parts.Column{{Key: "at", Label: "When"}, {Key: sorted("device"), Label: "Device address"}, {Key: sorted("username"), Label: "User"}, {Key: sorted("reason"), Label: "Reason"}}
	if v.Endpoint == "" {
		v.List.Columns = append(v.List.Columns, parts.Column{Label: "Endpoint"})
	}
	v.List.Empty = parts.Empty{Title: "No client was refused so far", Text: "A client that is refused is listed here with the reason.", Action: activeConnections(v.Endpoint)}
	return false, nil
}

// uncounted leaves out the times when the counters were read: the page does not show them.
func uncounted(list []vpn.ConnectionSummary) []vpn.ConnectionSummary {
	out := append([]vpn.ConnectionSummary{}, list...)
	for i := range out {
		out[i].CountedAt = time.Time{}
	}
	return out
}

// statusFilter narrows the connections that have not ended.
func statusFilter() parts.Filter {
	f := parts.Filter{Name: "status", Label: "Status", Options: []parts.Option{{Label: "Every status"}}}
	for _, s := range []vpn.ConnectionStatus{vpn.ConnectionActive, vpn.ConnectionAway, vpn.ConnectionTerminating, vpn.ConnectionFailedToTerminate} {
		f.Options = append(f.Options, parts.Option{Value: string(s), Label: parts.SentenceCase(string(s))})
	}
	return f
}

// codeFilter narrows the attempts to those of one code: first the codes that occur, with their numbers, the most frequent
// ones first, then the others by the stage of a client's way.
func codeFilter(occurring map[vpn.Code]int) parts.Filter {
	f := parts.Filter{Name: "code", Label: "Code", Options: []parts.Option{{Label: "Every code"}}}
	codes := slices.DeleteFunc(slices.Collect(maps.Keys(occurring)), func(code vpn.Code) bool { return code == "" })
	slices.SortFunc(codes, func(a, b vpn.Code) int {
		return cmp.Or(occurring[b]-occurring[a], strings.Compare(string(a), string(b)))
	})
	for _, code := range codes {
		f.Options = append(f.Options, parts.Option{Value: string(code), Label: string(code) + " (" + parts.Number(occurring[code]) + ")", Group: "In this list"})
	}
	var others []parts.Option
	for _, code := range vpn.LoginCodes() {
		if occurring[code] == 0 {
			others = append(others, parts.Option{Value: string(code), Label: string(code), Group: "None: " + code.Area()})
		}
	}
	// The table has the stages one after the other; within one the codes are sorted.
	for start := 0; start < len(others); {
		end := start
		for end < len(others) && others[end].Group == others[start].Group {
			end++
		}
		slices.SortFunc(others[start:end], func(a, b parts.Option) int { return strings.Compare(a.Value, b.Value) })
		start = end
	}
	f.Options = append(f.Options, others...)
	return f
}

// platformFilter narrows the connections to those of one platform (IV_PLAT).
func platformFilter() parts.Filter {
	f := parts.Filter{Name: "platform", Label: "Platform", Options: []parts.Option{{Label: "Every platform"}}}
	for _, platform := range []string{"win", "mac", "ios", "android", "linux"} {
		f.Options = append(f.Options, parts.Option{Value: platform, Label: views.PlatformName(platform)})
	}
	return f
}

func (h *Connections) emptyConnections(v views.ConnectionLists) parts.Empty {
	switch {
	case v.View == vpn.ViewEnded:
		return parts.Empty{Title: "No connection has ended yet", Text: "A connection stays listed here after its end, with the reason.", Action: activeConnections(v.Endpoint)}
	case v.Endpoint == "":
		return parts.Empty{
			Title: "No client is connected", Text: "Give your users the configuration file of an endpoint. The connections of every endpoint appear here.",
			Action: parts.Button{Label: "Open the Client VPN endpoints", Href: "/endpoints"},
		}
	default:
		return parts.Empty{
			Title:  "No client is connected",
			Text:   "Give your users the configuration file; their connections appear here.",
			Action: parts.Button{Label: "Download client configuration", Href: views.EndpointPath(v.Endpoint, "configuration")},
		}
	}
}

// activeConnections leads from an empty list of what is over to what there is.
func activeConnections(id vpn.EndpointID) parts.Button {
	b := parts.Button{Label: "Show active connections", Href: "/connections"}
	if id != "" {
		b.Href = views.EndpointPath(id, "connections")
	}
	return b
}

var attemptFields = vpn.Fields[vpn.Attempt]{
	Search: func(a vpn.Attempt) []string {
		return []string{a.CommonName, a.Username, a.Device.String(), string(a.Code), a.Reason}
	},
	Orders: map[string]func(a, b vpn.Attempt) int{
		"at":     func(a, b vpn.Attempt) int { return a.At.Compare(b.At) },
		"device": func(a, b vpn.Attempt) int { return a.Device.Compare(b.Device) },
		"username": func(a, b vpn.Attempt) int {
			return strings.Compare(cmp.Or(a.Username, a.CommonName), cmp.Or(b.Username, b.CommonName))
		},
		"reason": func(a, b vpn.Attempt) int { return strings.Compare(a.Reason, b.Reason) },
	},
	Usual:   func(a, b vpn.Attempt) int { return b.At.Compare(a.At) },
	Filters: map[string]func(vpn.Attempt, string) bool{"code": func(a vpn.Attempt, code string) bool { return string(a.Code) == code }},
}

var attemptCells = []page.Cell[vpn.Attempt]{
	{Label: "Last", Text: func(a vpn.Attempt) string { return a.At.UTC().Format(time.RFC3339) }},
	{Label: "First", Text: func(a vpn.Attempt) string { return a.First.UTC().Format(time.RFC3339) }},
	{Label: "Attempts", Text: func(a vpn.Attempt) string { return strconv.Itoa(max(a.Count, 1)) }},
	{Label: "Device address", Text: func(a vpn.Attempt) string { return strings.TrimSuffix(a.Device.String(), ":0") }},
	{Label: "Self-service portal", Text: func(a vpn.Attempt) string { return strconv.FormatBool(a.Portal) }},
	{Label: "User name", Text: func(a vpn.Attempt) string { return a.Username }},
	{Label: "Common name", Text: func(a vpn.Attempt) string { return a.CommonName }},
	{Label: "Code", Text: func(a vpn.Attempt) string { return string(a.Code) }},
	{Label: "Reason", Text: func(a vpn.Attempt) string { return a.Reason }},
	{Label: "Reference", Text: func(a vpn.Attempt) string { return a.Reference }},
	{Label: "Endpoint ID", Text: func(a vpn.Attempt) string { return string(a.Endpoint) }},
}

var connectionCells = []page.Cell[vpn.ConnectionSummary]{
	{Label: "User", Text: func(c vpn.ConnectionSummary) string { return c.Username }},
	{Label: "Common name", Text: func(c vpn.ConnectionSummary) string { return c.CommonName }},
	{Label: "Status", Text: func(c vpn.ConnectionSummary) string { return string(c.Status) }},
	{Label: "Client IP", Text: func(c vpn.ConnectionSummary) string { return c.ClientIP.String() }},
	{Label: "Target network", Text: func(c vpn.ConnectionSummary) string { return c.Target }},
	{Label: "Device", Text: func(c vpn.ConnectionSummary) string { return c.Device.String() }},
	{Label: "Platform", Text: func(c vpn.ConnectionSummary) string { return c.Platform }},
	{Label: "Client version", Text: func(c vpn.ConnectionSummary) string { return c.ClientVersion }},
	{Label: "Since", Text: func(c vpn.ConnectionSummary) string { return c.EstablishedAt.UTC().Format(time.RFC3339) }},
	{Label: "Until", Text: func(c vpn.ConnectionSummary) string {
		if c.End().IsZero() {
			return ""
		}
		return c.End().UTC().Format(time.RFC3339)
	}},
	{Label: "Reason of the end", Text: func(c vpn.ConnectionSummary) string { return c.EndReason }},
	{Label: "Bytes in", Text: func(c vpn.ConnectionSummary) string { return strconv.FormatUint(c.Counters.BytesIn, 10) }},
	{Label: "Bytes out", Text: func(c vpn.ConnectionSummary) string { return strconv.FormatUint(c.Counters.BytesOut, 10) }},
	{Label: "Connection ID", Text: func(c vpn.ConnectionSummary) string { return string(c.ID) }},
	{Label: "Endpoint ID", Text: func(c vpn.ConnectionSummary) string { return string(c.Endpoint) }},
}
