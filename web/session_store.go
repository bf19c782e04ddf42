package web

import (
	"net/http"
	"time"

	"github.com/gorilla/sessions"

	"sallyport/control"
	"sallyport/vpn"
)

// Names of the session's cookie. The __Host- prefix makes browsers refuse it from any other host
// or path and without Secure; over plain HTTP (loopback only, see config) browsers differ in
// whether they would keep such a cookie, so it has a plain name there.
const (
	secureCookie = "__Host-sallyport"
	plainCookie  = "sallyport"
)

// sessionStore is the gorilla/sessions store over the database: the cookie holds a random
// identifier, the row its hash, and who it belongs to is asked anew with each request, so that a
// session can be revoked at any moment.
type sessionStore struct {
	control *control.Service
	life    time.Duration
}

// Keys of a session's values.
type sessionValue int

const (
	valueAdministrator sessionValue = iota // vpn.Administrator
	valueSession                           // vpn.WebSession
)

// Get gives the request's session, found once.
func (s sessionStore) Get(r *http.Request, name string) (*sessions.Session, error) {
	return sessions.GetRegistry(r).Get(s, name)
}

// New finds the session of the request's cookie, or makes an empty one where the cookie is
// missing or no longer good for anything. An error is ours, never the visitor's.
func (s sessionStore) New(r *http.Request, name string) (*sessions.Session, error) {
	session := sessions.NewSession(s, name)
	session.IsNew = true
	session.Options = &sessions.Options{
		Path: "/", MaxAge: int(s.life.Seconds()), HttpOnly: true,
		Secure: name == secureCookie, SameSite: http.SameSiteLaxMode,
	}
	cookie, err := r.Cookie(name)
	if err != nil || cookie.Value == "" {
		return session, nil //nolint:nilerr // no cookie is an ordinary visitor
	}
	session.ID = cookie.Value
	administrator, row, err := s.control.Authenticate(r.Context(), cookie.Value, !polling(r))
	if err != nil {
		if vpn.KindOf(err) == vpn.Denied {
			return session, nil
		}
		return session, err
	}
	session.IsNew = false
	session.Values[valueAdministrator], session.Values[valueSession] = administrator, row
	return session, nil
}

// Save writes the cookie. The row is written by the use cases that sign in and out.
func (s sessionStore) Save(_ *http.Request, w http.ResponseWriter, session *sessions.Session) error {
	value := session.ID
	if session.Options.MaxAge < 0 {
		value = ""
	}
	http.SetCookie(w, sessions.NewCookie(session.Name(), value, session.Options))
	return nil
}

// polling tells whether a page renews itself: nobody need be sitting in front of it.
func polling(r *http.Request) bool { return r.Header.Get("HX-Request") != "" }
