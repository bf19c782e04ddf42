package vpn_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"sallyport/vpn"
)

// What a client is told fits the 246 bytes that clients accept, and is a URL that a browser of the user's may open, or a
// text that can be shown.
func TestLoginPending(t *testing.T) {
	t.Parallel()
	until := time.Unix(1, 0)
	longest := "https://vpn.example.com/a/" + strings.Repeat("x", vpn.MaxSignInURL-len("https://vpn.example.com/a/"))
	for name, c := range map[string]struct {
		l     vpn.LoginPending
		text  string
		field string // of the refusal
	}{
		"browser":          {vpn.LoginPending{Method: vpn.SSOWebAuth, URL: "https://vpn.example.com/a/b"}, "WEB_AUTH::https://vpn.example.com/a/b", ""},
		"earlier browser":  {vpn.LoginPending{Method: vpn.SSOOpenURL, URL: "https://vpn.example.com/a/b"}, "OPEN_URL:https://vpn.example.com/a/b", ""},
		"code":             {vpn.LoginPending{Method: vpn.SSOCRText, Prompt: "Open vpn.example.com/a/b, then enter the code"}, "CR_TEXT:R,E:Open vpn.example.com/a/b, then enter the code", ""},
		"longest":          {vpn.LoginPending{Method: vpn.SSOWebAuth, URL: longest}, "WEB_AUTH::" + longest, ""},
		"longer":           {vpn.LoginPending{Method: vpn.SSOWebAuth, URL: longest + "x"}, "", "url"},
		"longer text":      {vpn.LoginPending{Method: vpn.SSOCRText, Prompt: strings.Repeat("x", 235)}, "", "url"},
		"this host":        {vpn.LoginPending{Method: vpn.SSOWebAuth, URL: "http://127.0.0.1:8444/a/b"}, "WEB_AUTH::http://127.0.0.1:8444/a/b", ""},
		"plain HTTP":       {vpn.LoginPending{Method: vpn.SSOWebAuth, URL: "http://vpn.example.com/a/b"}, "", "url"},
		"program":          {vpn.LoginPending{Method: vpn.SSOWebAuth, URL: "file:///bin/sh"}, "", "url"},
		"no host":          {vpn.LoginPending{Method: vpn.SSOWebAuth, URL: "https:///a"}, "", "url"},
		"user":             {vpn.LoginPending{Method: vpn.SSOWebAuth, URL: "https://vpn.example.com@evil.example/"}, "", "url"},
		"line":             {vpn.LoginPending{Method: vpn.SSOWebAuth, URL: "https://vpn.example.com/\nsignal SIGTERM"}, "", "url"},
		"quotation mark":   {vpn.LoginPending{Method: vpn.SSOWebAuth, URL: `https://vpn.example.com/" 5`}, "", "url"},
		"not ASCII":        {vpn.LoginPending{Method: vpn.SSOWebAuth, URL: "https://vpn.example.com/ü"}, "", "url"},
		"URL and text":     {vpn.LoginPending{Method: vpn.SSOWebAuth, URL: "https://vpn.example.com/a/b", Prompt: "x"}, "", "prompt"},
		"no text":          {vpn.LoginPending{Method: vpn.SSOCRText, Prompt: " "}, "", "prompt"},
		"text of controls": {vpn.LoginPending{Method: vpn.SSOCRText, Prompt: "a\x1b[0m"}, "", "prompt"},
		"text and URL":     {vpn.LoginPending{Method: vpn.SSOCRText, Prompt: "x", URL: "https://vpn.example.com/a/b"}, "", "url"},
		"no method":        {vpn.LoginPending{URL: "https://vpn.example.com/a/b"}, "", "method"},
		"no end":           {vpn.LoginPending{ID: "no end", Method: vpn.SSOWebAuth, URL: "https://vpn.example.com/a/b"}, "", "until"},
	} {
		if c.l.ID == "" {
			c.l.Until = until
		}
		err := c.l.Validate()
		refused, _ := errors.AsType[*vpn.Error](err)
		switch {
		case c.field == "" && (err != nil || c.l.Text() != c.text):
			t.Errorf("%s: the text %q, %v", name, c.l.Text(), err)
		case c.field != "" && (refused == nil || refused.Fields[c.field] == ""):
			t.Errorf("%s: %v, want a sentence about %s", name, err, c.field)
		}
	}
}
