package identity

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"sallyport/control/identity"
	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

type trialInput struct {
	User     string `form:"user"`
	Password string `form:"password"`
	Code     string `form:"code"`
	Endpoint string `form:"endpoint"`
}

func (in trialInput) form(d vpn.Directory, used []vpn.EndpointRef, refused error) parts.Form {
	f := parts.Form{
		Title: "Test sign-in", Action: views.DirectoryPath(d.ID, "test"), Submit: "Test sign-in",
		Intro: "It takes each step of a real sign-in and lets no client in. Wrong passwords count at the directory, and against the limit of failed sign-ins, as any others do.",
		Fields: []parts.Field{
			{Name: "user", Label: "User name", Value: in.User, Required: true, Autocomplete: "off"},
			{Name: "password", Label: "Password", Type: "password", Required: true, Autocomplete: "off"},
		},
	}
	if d.MFA {
		f.Fields = append(f.Fields, parts.Field{Name: "code", Label: "MFA code", Required: true, Autocomplete: "off", Help: "Of the device that is registered for the user. The code is used up."})
	}
	if len(used) > 1 {
		through := parts.Field{Name: "endpoint", Label: "Endpoint", Type: "select", Value: in.Endpoint, Help: "What the user could reach through it is shown after the sign-in, with the rules that let through."}
		through.Options = append(through.Options, parts.Option{Label: "All endpoints of the directory"})
		for _, e := range used {
			through.Options = append(through.Options, parts.Option{Value: string(e.ID), Label: e.Label()})
		}
		f.Fields = append(f.Fields, through)
	}
	page.Fail(&f, refused)
	return f
}

// View shows one directory, with the form for a test sign-in.
func (h *Directories) View(c echo.Context) error { return h.render(c, trialInput{}, nil, nil) }

// Test tries a sign-in and shows its steps.
func (h *Directories) Test(c echo.Context) error {
	var in trialInput
	if err := page.Bind(c, &in); err != nil {
		return err
	}
	trial, err := h.identity.TestSignIn(page.Context(c), page.Principal(c), identity.TrialRequest{
		Directory: directoryID(c), Username: in.User, Password: vpn.Secret(in.Password), Code: in.Code, Endpoint: vpn.EndpointID(in.Endpoint),
	})
	if page.BelongsInForm(err) {
		return h.render(c, in, err, nil)
	}
	if err != nil {
		return err
	}
	return h.render(c, in, nil, &trial)
}

func (h *Directories) render(c echo.Context, in trialInput, refused error, trial *identity.Trial) error {
	d, err := h.identity.Directory(page.Context(c), page.Principal(c), directoryID(c))
	if err != nil {
		return err
	}
	used, err := h.identity.EndpointsOf(page.Context(c), page.Principal(c), d.ID)
	if err != nil {
		return err
	}
	authorities := "Those that this host trusts"
	if d.CA != "" {
		authorities = parts.Count(strings.Count(d.CA, "BEGIN CERTIFICATE"), "certificate")
	}
	lookedUp, held := h.lookUp(d.ID)
	v := views.DirectoryPage{
		Chrome: h.pages.Chrome(c, views.NameOr(d.Name, d.ID), "identity"), ID: d.ID, Tabs: tabs(d.ID, "Details"),
		Header: parts.Header{Crumbs: crumbs, Title: views.NameOr(d.Name, d.ID)},
		Facts: []parts.Pair{
			{Label: "Directory ID", Value: string(d.ID), Copy: true},
			parts.Fact("Type", views.DirectoryType(d.Type)),
			parts.Fact("URLs", strings.Join(d.URLs, ", ")),
			parts.Fact("TLS", parts.YesNo(d.WithoutTLS, "Without TLS, on this host", "Verified by: "+authorities)),
			parts.Fact("Base DN", d.BaseDN),
			parts.Fact("Service account", d.BindDN),
			parts.Fact("Users sign in with", strings.ReplaceAll(joinNames(d.SignIn), ",", ", ")),
			parts.Fact("User filter", d.UserFilter),
			parts.Fact("Multi-factor authentication", parts.YesNo(d.MFA, "Users enter the code of an authenticator", "Off")),
			parts.Fact("Enrolment code", parts.YesNo(d.EnrolmentCode, "Asked for before an authenticator is set up in the self-service portal", "Not asked for")),
			views.FactEndpoints("Used by", used),
			lookedUp,
			parts.FactTime("Created", parts.At(h.pages.Now(), d.CreatedAt)),
		},
	}
	if page.Principal(c).Role.MayChange() {
		form := in.form(d, used, refused)
		v.Form = &form
	}
	if held != nil {
		v.Held = held.Sentence()
	}
	if trial != nil {
		v.Trial = trialView(*trial)
	}
	if refused != nil {
		return page.Render(c, http.StatusUnprocessableEntity, views.Directory(v))
	}
	return page.Render(c, http.StatusOK, views.Directory(v))
}

func trialView(t identity.Trial) *views.Trial {
	v := &views.Trial{Steps: t.Steps, Took: t.Took, Name: t.User.Name}
	v.Access.Access, v.Access.Names = t.Access, map[string]string{}
	for _, g := range t.User.Groups {
		v.Access.Names[g.ID] = g.Name
	}
	if t.Refused != nil {
		v.Refused, v.Code, v.Unavailable = page.Refusal(t.Refused), string(vpn.CodeOf(t.Refused)), vpn.KindOf(t.Refused) == vpn.Unavailable
	}
	return v
}
