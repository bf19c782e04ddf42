package web

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"sallyport/handlers/admin"
)

// A panic is answered with the error page; its text is in the log only.
func TestPanicIsAnErrorOfItsRequest(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	log := slog.New(slog.NewTextHandler(&out, nil))
	e := echo.New()
	e.Logger.SetOutput(io.Discard)
	e.HTTPErrorHandler = errorHandler(log, admin.New(admin.Config{Log: log, Now: time.Now}))
	e.Use(identify, logRequests(log, time.Now), recoverPanics, secureHeaders)
	e.GET("/panic", func(echo.Context) error { panic("the secret of the panic") })
	e.GET("/fault", func(echo.Context) error { return errors.New("the secret of the fault") })
	for _, path := range []string{"/panic", "/fault"} {
		w := httptest.NewRecorder()
		e.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "secret") {
			t.Errorf("%s: got status %d and %q, want 500 without the error's text", path, w.Code, w.Body.String())
		}
		if !strings.Contains(w.Body.String(), "Sallyport could not complete the request") || w.Header().Get("Content-Security-Policy") == "" {
			t.Errorf("%s: want our page with its headers, got %q", path, w.Body.String())
		}
	}
	for _, want := range []string{"the secret of the panic", "the secret of the fault", "panic_test.go"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the log lacks %q", want)
		}
	}
}

func TestARouteNeedsAPolicy(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("a route without a policy was registered")
		}
	}()
	policy{}.guard(admin.Services{}, nil)
}
