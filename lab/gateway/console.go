package gateway

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"sallyport/lab/netlab"
)

// Console is a browser without JavaScript, on the gateway's host: it reads pages, finds fields by
// their visible labels and presses buttons by their visible words. It keeps cookies and follows
// redirects. What it cannot find fails the test T.
type Console struct {
	T    testing.TB
	http *http.Client
	base string
}

// OpenConsole makes a console without cookies.
func OpenConsole(t testing.TB, g *Gateway) *Console {
	t.Helper()
	return open(t, g, "SALLYPORT_CONSOLE_LISTEN", "127.0.0.1:8443")
}

// OpenPublic makes a browser without cookies on the public pages.
func OpenPublic(t testing.TB, g *Gateway) *Console {
	t.Helper()
	return open(t, g, "SALLYPORT_PUBLIC_LISTEN", "127.0.0.1:8444")
}

// open makes a browser on where a setting has the pages; usual is where they are without it.
func open(t testing.TB, g *Gateway, setting, usual string) *Console {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	listen := g.Setting(setting)
	if listen == "" {
		listen = usual
	}
	dial := func(ctx context.Context, network, addr string) (conn net.Conn, err error) {
		err = g.On.Do(func() error { conn, err = (&net.Dialer{}).DialContext(ctx, network, addr); return err })
		return conn, err
	}
	return &Console{T: t, base: "https://" + strings.Replace(listen, "0.0.0.0", "127.0.0.1", 1), http: &http.Client{
		Jar: jar, Timeout: 30 * time.Second,
		Transport: &http.Transport{
			DialContext: dial,
			// The certificate is self-signed and new, and nothing else answers in this namespace.
			TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // see above
		},
	}}
}

// Page is an answer of the console.
type Page struct {
	Status int
	URL    *url.URL // after redirects
	Doc    *goquery.Document
	Header http.Header
	Body   string
}

// Href is where the first link with a text leads; the test fails where there is none.
func (p *Page) Href(t testing.TB, text string) string {
	t.Helper()
	for _, link := range p.Doc.Find("a").EachIter() {
		if href, ok := link.Attr("href"); ok && strings.TrimSpace(link.Text()) == text {
			return href
		}
	}
	t.Fatalf("%s has no link %q", p.URL, text)
	return ""
}

// Text is what a person reads on the page, in one line.
func (p *Page) Text() string { return strings.Join(strings.Fields(p.Doc.Find("body").Text()), " ") }

// Get opens a path of the console.
func (c *Console) Get(path string) *Page {
	c.T.Helper()
	res, err := c.http.Get(c.base + path)
	if err != nil {
		c.T.Fatalf("GET %s: %v", path, err)
	}
	return c.read(res)
}

func (c *Console) read(res *http.Response) *Page {
	c.T.Helper()
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		c.T.Fatal(err)
	}
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(string(b)))
	if err != nil {
		c.T.Fatal(err)
	}
	return &Page{Status: res.StatusCode, URL: res.Request.URL, Doc: doc, Header: res.Header, Body: string(b)}
}

// Post sends a form with more headers, without a cookie, and gives the status of the answer. It is for many at a time.
func (c *Console) Post(path string, v url.Values, header http.Header) (status int, err error) {
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, c.base+path, strings.NewReader(v.Encode()))
	if err != nil {
		return 0, err
	}
	r.Header = header.Clone()
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := c.http.Transport.RoundTrip(r)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	return res.StatusCode, err
}

// Fields are a form's values by visible label or, for a field without one, by aria-label. A label that the form does not have fails the test.
type Fields map[string]string

// Submit opens a page, fills the form that has the button, and presses it.
func (c *Console) Submit(path, button string, in Fields) *Page {
	c.T.Helper()
	return c.Press(c.Get(path), button, in)
}

// MustSubmit is Submit where a refusal fails the test.
func (c *Console) MustSubmit(path, button string, in Fields) *Page {
	c.T.Helper()
	p := c.Submit(path, button, in)
	if p.Status != 200 {
		c.T.Fatalf("%s %q: status %d: %s", path, button, p.Status, p.Text())
	}
	return p
}

// Press fills the form of a page that has the button, and sends it as a browser would.
func (c *Console) Press(p *Page, button string, in Fields) *Page {
	c.T.Helper()
	pressed := func(_ int, b *goquery.Selection) bool { return strings.TrimSpace(b.Text()) == button }
	form := p.Doc.Find("form").FilterFunction(func(_ int, f *goquery.Selection) bool {
		return f.Find("button").FilterFunction(pressed).Length() > 0
	})
	if form.Length() == 0 {
		c.T.Fatalf("%s (status %d) has no button %q: %s", p.URL.Path, p.Status, button, netlab.Tail(p.Text(), 600))
	}
	form = form.First()
	values := formDefaults(form)
	for label, value := range in {
		if err := fillField(form, values, label, value); err != nil {
			c.T.Fatalf("%s: %v", p.URL.Path, err)
		}
	}
	if b := form.Find("button").FilterFunction(pressed).First(); b.AttrOr("name", "") != "" {
		values.Set(b.AttrOr("name", ""), b.AttrOr("value", ""))
	}
	action := p.URL
	if a, ok := form.Attr("action"); ok && a != "" {
		u, err := p.URL.Parse(a)
		if err != nil {
			c.T.Fatal(err)
		}
		action = u
	}
	res, err := c.http.PostForm(action.String(), values)
	if err != nil {
		c.T.Fatalf("POST %s: %v", action, err)
	}
	return c.read(res)
}

// formDefaults are the values that a form is sent with where its user changes nothing.
func formDefaults(form *goquery.Selection) url.Values {
	v := url.Values{}
	form.Find("input[name], textarea[name], select[name]").Each(func(_ int, s *goquery.Selection) {
		name, _ := s.Attr("name")
		kind, _ := s.Attr("type")
		_, checked := s.Attr("checked")
		switch {
		case goquery.NodeName(s) == "select":
			option := s.Find("option[selected]")
			if option.Length() == 0 {
				option = s.Find("option").First()
			}
			if value, ok := option.Attr("value"); ok {
				v.Set(name, value)
			}
		case goquery.NodeName(s) == "textarea":
			v.Set(name, s.Text())
		case (kind == "checkbox" || kind == "radio") && !checked:
		default:
			value, _ := s.Attr("value")
			v.Add(name, value)
		}
	})
	return v
}

// fillField sets the value of the field with a label: text, the option that contains it, or a box or
// radio button that is chosen; "off" unticks a box.
func fillField(form *goquery.Selection, v url.Values, label, value string) error {
	found := form.Find("label").FilterFunction(func(_ int, l *goquery.Selection) bool {
		text := l
		if choice := l.Find(".form-check-label"); choice.Length() > 0 {
			text = choice.First()
		}
		return strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(text.Text()), "– optional")) == label
	})
	field := form.Find("[aria-label]").FilterFunction(func(_ int, f *goquery.Selection) bool { return f.AttrOr("aria-label", "") == label })
	if found.Length() > 0 {
		if id, ok := found.First().Attr("for"); ok {
			field = form.Find("#" + id)
		} else {
			field = found.First().Find("input")
		}
	}
	if field.Length() == 0 {
		return fmt.Errorf("the form has no field %q", label)
	}
	name, _ := field.Attr("name")
	switch kind, _ := field.Attr("type"); {
	case goquery.NodeName(field) == "select":
		option := field.Find("option").FilterFunction(func(_ int, o *goquery.Selection) bool {
			return strings.Contains(o.Text(), value)
		})
		if option.Length() == 0 {
			return fmt.Errorf("%q offers no %q", label, value)
		}
		chosen, _ := option.First().Attr("value")
		v.Set(name, chosen)
	case kind == "checkbox":
		box, _ := field.Attr("value")
		ticked := slices.DeleteFunc(v[name], func(other string) bool { return other == box })
		if value != "off" {
			ticked = append(ticked, box)
		}
		if v[name] = ticked; len(ticked) == 0 {
			v.Del(name)
		}
	case kind == "radio":
		chosen, _ := field.Attr("value")
		v.Set(name, chosen)
	default:
		v.Set(name, value)
	}
	return nil
}
