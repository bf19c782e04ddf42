package idp

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

	"sallyport/lab/netlab"
)

// Person is a user with a browser: it keeps cookies, follows redirects and sends forms; it runs no scripts.
type Person struct {
	client *http.Client
	names  map[string]string
}

// Knows gives a person's browser the addresses of host names.
func (p *Person) Knows(names map[string]string) *Person {
	p.names = names
	return p
}

// NewPerson is a person with a new browser on a host.
func NewPerson(on *netlab.Namespace) *Person {
	p := &Person{}
	jar, _ := cookiejar.New(nil)
	dial := func(ctx context.Context, network, address string) (conn net.Conn, err error) {
		if host, port, err := net.SplitHostPort(address); err == nil && p.names[host] != "" {
			address = net.JoinHostPort(p.names[host], port)
		}
		err = on.Do(func() error {
			conn, err = (&net.Dialer{Timeout: 10 * time.Second}).DialContext(ctx, network, address)
			return err
		})
		return conn, err
	}
	p.client = &http.Client{
		Jar: jar, Timeout: 30 * time.Second,
		Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}},
	}
	return p
}

// Page is what a person sees.
type Page struct {
	Status int
	URL    *url.URL
	Doc    *goquery.Document
	Body   string
	person *Person
}

// Open opens an address.
func (p *Person) Open(t testing.TB, address string) *Page {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	return p.load(t, r)
}

func (p *Person) load(t testing.TB, r *http.Request) *Page {
	t.Helper()
	answer, err := p.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	return &Page{Status: answer.StatusCode, URL: answer.Request.URL, Doc: doc, Body: string(body), person: p}
}

// Text is what the page says, with single spaces.
func (p *Page) Text() string { return strings.Join(strings.Fields(p.Doc.Find("body").Text()), " ") }

// Follow opens the link with this text.
func (p *Page) Follow(t testing.TB, text string) *Page {
	t.Helper()
	link := p.Doc.Find("a").FilterFunction(func(_ int, a *goquery.Selection) bool { return strings.Contains(a.Text(), text) }).First()
	href, ok := link.Attr("href")
	to, err := p.URL.Parse(href)
	if !ok || err != nil {
		t.Fatalf("%s has no link %q:\n%s", p.URL, text, netlab.Tail(p.Text(), 1000))
	}
	return p.person.Open(t, to.String())
}

// Submit sends the first form of the page that has all of the fields, with these values and its own hidden ones.
func (p *Page) Submit(t testing.TB, fields map[string]string) *Page {
	t.Helper()
	form := p.Doc.Find("form").FilterFunction(func(_ int, f *goquery.Selection) bool {
		for name := range fields {
			if f.Find(fmt.Sprintf("[name=%q]", name)).Length() == 0 {
				return false
			}
		}
		return true
	}).First()
	if form.Length() == 0 {
		t.Fatalf("%s has no form with the fields %v:\n%s", p.URL, fields, netlab.Tail(p.Text(), 1000))
	}
	return p.send(t, form, fields)
}

// Press presses the button with this text.
func (p *Page) Press(t testing.TB, text string) *Page {
	t.Helper()
	button := p.Doc.Find("form button").FilterFunction(func(_ int, b *goquery.Selection) bool { return strings.TrimSpace(b.Text()) == text }).First()
	if button.Length() == 0 {
		t.Fatalf("%s has no button %q:\n%s", p.URL, text, netlab.Tail(p.Text(), 1000))
	}
	fields := map[string]string{}
	if name := button.AttrOr("name", ""); name != "" {
		fields[name] = button.AttrOr("value", "")
	}
	return p.send(t, button.Closest("form"), fields)
}

// send sends a form with values and its own hidden ones.
func (p *Page) send(t testing.TB, form *goquery.Selection, fields map[string]string) *Page {
	t.Helper()
	values := url.Values{}
	form.Find("input[type=hidden]").Each(func(_ int, in *goquery.Selection) { values.Set(in.AttrOr("name", ""), in.AttrOr("value", "")) })
	for name, value := range fields {
		values.Set(name, value)
	}
	to, err := p.URL.Parse(form.AttrOr("action", ""))
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequest(http.MethodPost, to.String(), strings.NewReader(values.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", p.URL.Scheme+"://"+p.URL.Host)
	return p.person.load(t, r)
}

// SignIn signs in on the page of the identity provider and gives the page with its answer. Where the browser is signed in
// already, the page has the answer.
func (p *Page) SignIn(t testing.TB, name, password string) *Page {
	t.Helper()
	if p.Doc.Find("[name=SAMLResponse]").Length() > 0 {
		return p
	}
	return p.Submit(t, map[string]string{"username": name, "password": password})
}

// Answer sends the answer of the identity provider to the service, as its page does by a script.
func (p *Page) Answer(t testing.TB) *Page {
	t.Helper()
	return p.Submit(t, map[string]string{"SAMLResponse": p.Doc.Find("[name=SAMLResponse]").AttrOr("value", "")})
}
