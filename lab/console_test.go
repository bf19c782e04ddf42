package lab

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
)

// console is a browser without JavaScript: it reads pages, finds fields by their visible labels
// and presses buttons by their visible words.
type console struct {
	t    testing.TB
	http *http.Client
	base string
}

func openConsole(t testing.TB, in *namespace) *console {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	dial := func(ctx context.Context, network, addr string) (conn net.Conn, err error) {
		err = in.do(func() error { conn, err = (&net.Dialer{}).DialContext(ctx, network, addr); return err })
		return conn, err
	}
	return &console{t: t, base: "https://127.0.0.1:8443", http: &http.Client{
		Jar: jar, Timeout: 30 * time.Second,
		Transport: &http.Transport{
			DialContext: dial,
			// The certificate is self-signed and new; who else would answer in this namespace?
			TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // see above
		},
	}}
}

// page is what the browser shows.
type page struct {
	status int
	url    *url.URL
	doc    *goquery.Document
	header http.Header
	body   string
}

func (c *console) get(path string) *page {
	c.t.Helper()
	res, err := c.http.Get(c.base + path)
	if err != nil {
		c.t.Fatalf("GET %s: %v", path, err)
	}
	return c.read(res)
}

func (c *console) read(res *http.Response) *page {
	c.t.Helper()
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(string(b)))
	if err != nil {
		c.t.Fatal(err)
	}
	return &page{status: res.StatusCode, url: res.Request.URL, doc: doc, header: res.Header, body: string(b)}
}

func (p *page) text() string { return strings.Join(strings.Fields(p.doc.Find("body").Text()), " ") }

// fields are a form's values by visible label. A label that the form does not have fails the test.
type fields map[string]string

// submit opens a page, fills the form that has the button, and presses it.
func (c *console) submit(path, button string, in fields) *page {
	c.t.Helper()
	return c.press(c.get(path), button, in)
}

// press fills the form of a page that has the button and sends it as a browser would.
func (c *console) press(p *page, button string, in fields) *page {
	c.t.Helper()
	form := p.doc.Find("form").FilterFunction(func(_ int, f *goquery.Selection) bool {
		return f.Find("button").FilterFunction(func(_ int, b *goquery.Selection) bool {
			return strings.TrimSpace(b.Text()) == button
		}).Length() > 0
	})
	if form.Length() == 0 {
		c.t.Fatalf("%s (status %d) has no button %q: %s", p.url.Path, p.status, button, tail(p.text(), 600))
	}
	form = form.First()
	values := defaults(form)
	for label, value := range in {
		if err := fill(form, values, label, value); err != nil {
			c.t.Fatalf("%s: %v", p.url.Path, err)
		}
	}
	action := p.url
	if a, ok := form.Attr("action"); ok && a != "" {
		u, err := p.url.Parse(a)
		if err != nil {
			c.t.Fatal(err)
		}
		action = u
	}
	res, err := c.http.PostForm(action.String(), values)
	if err != nil {
		c.t.Fatalf("POST %s: %v", action, err)
	}
	return c.read(res)
}

func defaults(form *goquery.Selection) url.Values {
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

func fill(form *goquery.Selection, v url.Values, label, value string) error {
	found := form.Find("label").FilterFunction(func(_ int, l *goquery.Selection) bool {
		words := l
		if choice := l.Find(".form-check-label"); choice.Length() > 0 {
			words = choice.First()
		}
		return strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(words.Text()), "– optional")) == label
	})
	if found.Length() == 0 {
		return fmt.Errorf("the form has no field %q", label)
	}
	id, ok := found.First().Attr("for")
	field := form.Find("#" + id)
	if !ok {
		field = found.First().Find("input")
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
	case kind == "checkbox" || kind == "radio":
		chosen, _ := field.Attr("value")
		v.Set(name, chosen)
	default:
		v.Set(name, value)
	}
	return nil
}
