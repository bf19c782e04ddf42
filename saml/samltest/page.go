package samltest

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
)

// Request is what a service asks an IdP for.
type Request struct {
	ID         string `xml:"ID,attr"`
	ACSURL     string `xml:"AssertionConsumerServiceURL,attr"`
	Issuer     string `xml:"Issuer"`
	RelayState string `xml:"-"`
}

// ReadRequest reads the URL that a browser opens at the IdP.
func ReadRequest(at string) (Request, error) {
	var r Request
	u, err := url.Parse(at)
	if err != nil {
		return r, err
	}
	deflated, err := base64.StdEncoding.DecodeString(u.Query().Get("SAMLRequest"))
	if err != nil {
		return r, err
	}
	raw, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(deflated)), 1<<20))
	if err != nil {
		return r, err
	}
	if err := xml.Unmarshal(raw, &r); err != nil {
		return r, err
	}
	r.RelayState = u.Query().Get("RelayState")
	return r, nil
}

// Answer is a good answer to the request, about a user.
func (r Request) Answer(nameID string, groups ...string) Answer {
	return Answer{RequestID: r.ID, ACSURL: r.ACSURL, Audience: r.Issuer, NameID: nameID, Groups: groups}
}

// Page is the IdP's sign-in page for browsers: its one button, "Sign in", posts the answer that is made of the request.
func (p *IDP) Page(answer func(Request) Answer) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		request, err := ReadRequest(r.URL.String())
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		a := answer(request)
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, `<!DOCTYPE html><html lang="en"><title>IdP</title><form method="post" action="%s"><input type="hidden" name="SAMLResponse" value="%s"><input type="hidden" name="RelayState" value="%s"><button>Sign in</button></form></html>`,
			html.EscapeString(request.ACSURL), base64.StdEncoding.EncodeToString(p.Document(a)), html.EscapeString(request.RelayState))
	})
}
