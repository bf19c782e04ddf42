package web

import (
	"net/http"
	"time"

	"github.com/gorilla/sessions"

	"sallyport/control/access"
	"sallyport/vpn"
)

// Names of the session cookie. With the prefix __Host- browsers refuse the cookie from another host
// or path and without Secure. Over plain HTTP (loopback only, see config) some browsers refuse such a
// cookie, so it has a plain name there.
const (
	secureCookie = "__Host-sallyport"
	plainCookie  = "sallyport"
)

// sessionStore is the gorilla/sessions store over the database. The cookie holds a random identifier
// and the row its hash. The account is read again with each request, so that a session can be revoked
// at any moment.
type sessionStore struct {
	access *access.Service
	life   time.Duration
}

// Keys of a session's values.
type sessionValue int

const (
	valueAdministrator sessionValue = iota // vpn.Administrator
	valueSession                           // vpn.WebSession
)

// Get gives the session of the request, which is read once.
func (s sessionStore) Get(r *http.Request, name string) (*sessions.Session, error) {
	return sessions.GetRegistry(r).Get(s, name)
}

// New finds the session of the cookie, or makes an empty one where the cookie is missing or no longer
// valid. An error is an internal one.
func (s sessionStore) New(r *http.Request, name string) (*sessions.Session, error) {
	session := sessions.NewSession(s, name)
	session.IsNew = true
	session.Options = &sessions.Options{
		Path: "/", MaxAge: int(s.life.Seconds()), HttpOnly: true,
		Secure: name == secureCookie, SameSite: http.SameSiteLaxMode,
	}
	cookie, err := r.Cookie(name)
	if err != nil || cookie.Value == "" {
		return session, nil //nolint:nilerr // a request without a cookie is not an error
	}
	session.ID = cookie.Value
	administrator, row, err := s.access.Authenticate(r.Context(), cookie.Value, !polling(r))
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

// polling tells whether a page renews itself. Such a request does not count as activity of the user.
func polling(r *http.Request) bool { return r.Header.Get("HX-Request") != "" }
