package vpn

import (
	"strings"
	"testing"
)

func TestDirectoryOptions(t *testing.T) {
	t.Parallel()
	good := func() DirectoryOptions {
		return DirectoryOptions{Type: ActiveDirectory, URLs: []string{"ldaps://DC1.corp.example.com", "ldap://10.0.0.4:3389"},
			BaseDN: " DC=corp,DC=example,DC=com ", BindDN: "svc@corp.example.com", SignIn: []SignInName{SignInUPN, SignInAccount}}
	}
	var c Check
	o := good()
	o.CheckOptions(&c, "secret", false)
	if err := c.Err(); err != nil {
		t.Fatal(err)
	}
	if o.URLs[0] != "ldaps://dc1.corp.example.com" || o.BaseDN != "DC=corp,DC=example,DC=com" {
		t.Errorf("kept as %+v", o)
	}
	for name, x := range map[string]struct {
		change       func(*DirectoryOptions)
		field, words string
	}{
		"no type":          {func(o *DirectoryOptions) { o.Type = "" }, "type", "Choose"},
		"no URL":           {func(o *DirectoryOptions) { o.URLs = nil }, "urls", "Enter the URL"},
		"six URLs":         {func(o *DirectoryOptions) { o.URLs = make([]string, 6) }, "urls", "at most 5"},
		"http":             {func(o *DirectoryOptions) { o.URLs = []string{"https://dc1"} }, "urls", "write ldaps://host"},
		"a name alone":     {func(o *DirectoryOptions) { o.URLs = []string{"dc1.corp"} }, "urls", "write ldaps://host"},
		"with a base DN":   {func(o *DirectoryOptions) { o.URLs = []string{"ldaps://dc1/DC=corp"} }, "urls", "fields of their own"},
		"with a password":  {func(o *DirectoryOptions) { o.URLs = []string{"ldaps://a:b@dc1"} }, "urls", "fields of their own"},
		"a bad port":       {func(o *DirectoryOptions) { o.URLs = []string{"ldaps://dc1:70000"} }, "urls", "not a port"},
		"a bad name":       {func(o *DirectoryOptions) { o.URLs = []string{"ldaps://dc 1"} }, "urls", "not a URL"},
		"an escaped name":  {func(o *DirectoryOptions) { o.URLs = []string{"ldaps://dc%0a1"} }, "urls", ""},
		"no TLS elsewhere": {func(o *DirectoryOptions) { o.WithoutTLS = true }, "without_tls", "only for localhost"},
		"no base DN":       {func(o *DirectoryOptions) { o.BaseDN = " " }, "base_dn", "Enter the DN"},
		"a line break":     {func(o *DirectoryOptions) { o.BaseDN = "DC=a\nDC=b" }, "base_dn", "one line"},
		"long base DN":     {func(o *DirectoryOptions) { o.BaseDN = strings.Repeat("x", 1001) }, "base_dn", "at most 1000"},
		"no account":       {func(o *DirectoryOptions) { o.BindDN = "" }, "bind_dn", "service account"},
		"uid in AD":        {func(o *DirectoryOptions) { o.SignIn = []SignInName{SignInUID} }, "sign_in", "have no uid"},
		"a long filter":    {func(o *DirectoryOptions) { o.UserFilter = strings.Repeat("x", 1001) }, "user_filter", "at most 1000"},
	} {
		var c Check
		o := good()
		x.change(&o)
		o.CheckOptions(&c, "secret", false)
		wantBad(t, name, c.Err(), x.field, x.words)
	}
	for _, kind := range []DirectoryType{ActiveDirectory, OpenLDAP} {
		c = Check{}
		o = good()
		o.Type, o.SignIn = kind, nil
		if o.CheckOptions(&c, "secret", false); c.Err() != nil || len(o.SignIn) == 0 || o.SignIn[0] != kind.SignInNames()[0] {
			t.Errorf("the usual names of %s: %v, %v", kind, o.SignIn, c.Err())
		}
	}
	c = Check{}
	o = good()
	o.CheckOptions(&c, "", false)
	wantBad(t, "no password", c.Err(), "bind_password", "password")
	c = Check{}
	if o.CheckOptions(&c, "", true); c.Err() != nil {
		t.Errorf("with a password that is kept: %v", c.Err())
	}
	c = Check{}
	o.URLs, o.WithoutTLS = []string{"ldap://localhost", "ldap://127.0.0.2:389", "ldap://[::1]"}, true
	if o.CheckOptions(&c, "", true); c.Err() != nil {
		t.Errorf("this host without TLS: %v", c.Err())
	}
}
