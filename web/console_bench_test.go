package web_test

import (
	"io"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/jackc/pgx/v5"

	"sallyport/store/postgrestest"
)

// BenchmarkConsole has 100,000 connections, 1,000 endpoints and 60 of everything else, on each database. The result is
// the time that the 95th of 100 requests takes, with TLS and the browser's side of HTTP; the aim is 30 ms.
func BenchmarkConsole(b *testing.B) {
	for _, database := range []string{"sqlite", "postgres"} {
		b.Run(database, func(b *testing.B) {
			dsn := ""
			if database == "postgres" {
				runtime.LockOSThread() // the kernel ends the server together with the thread that started it
				defer runtime.UnlockOSThread()
				server, err := postgrestest.Start()
				if err != nil {
					b.Fatal(err)
				}
				defer server.Stop()
				dsn = server.DSN("postgres")
			}
			c := newCrowdOn(b, dsn, 100_000, 1000)
			if dsn != "" {
				analyze(b, dsn)
			}
			for name, path := range c.pages() {
				if !strings.Contains(name, "connections") && !strings.Contains(name, "endpoints") && name != "details" && name != "rules" {
					continue
				}
				b.Run(strings.ReplaceAll(name, " ", "_"), func(b *testing.B) {
					var times []time.Duration
					for b.Loop() {
						times = times[:0]
						for range 100 {
							times = append(times, c.load(b, path))
						}
					}
					slices.Sort(times)
					b.ReportMetric(float64(times[95].Microseconds())/1000, "ms-p95")
					b.ReportMetric(float64(times[50].Microseconds())/1000, "ms-p50")
					b.ReportMetric(0, "ns/op")
				})
			}
			b.Run("first_page", func(b *testing.B) { c.measureFirstPage(b) })
		})
	}
}

// analyze makes the statistics that PostgreSQL's autovacuum would make a minute later.
func analyze(b *testing.B, dsn string) {
	b.Helper()
	conn, err := pgx.Connect(b.Context(), dsn)
	if err == nil {
		_, err = conn.Exec(b.Context(), "VACUUM ANALYZE")
	}
	if err != nil {
		b.Fatal(err)
	}
	_ = conn.Close(b.Context())
}

// measureFirstPage tells what a browser with an empty cache fetches for the page of an endpoint.
func (c *crowd) measureFirstPage(b *testing.B) {
	for b.Loop() {
		body, bytes := c.fetch(b, c.endpoint)
		requests := 1
		doc, err := goquery.NewDocumentFromReader(strings.NewReader(body))
		if err != nil {
			b.Fatal(err)
		}
		doc.Find("link[rel=stylesheet], link[rel=icon], script[src], img[src]").Each(func(_ int, e *goquery.Selection) {
			path := e.AttrOr("href", e.AttrOr("src", ""))
			_, n := c.fetch(b, path)
			bytes += n
			requests++
		})
		b.ReportMetric(float64(requests), "requests")
		b.ReportMetric(float64(bytes), "bytes")
		b.ReportMetric(0, "ns/op")
	}
}

// fetch gives a page as text, and the number of bytes that it takes compressed.
func (c *crowd) fetch(b *testing.B, path string) (string, int) {
	b.Helper()
	compressed := c.get(b, path, "gzip")
	return c.get(b, path, "identity"), len(compressed)
}

func (c *crowd) get(b *testing.B, path, encoding string) string {
	b.Helper()
	r, err := http.NewRequestWithContext(b.Context(), http.MethodGet, c.b.Site.URL+path, nil)
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("Accept-Encoding", encoding)
	answer, err := c.b.Client.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		b.Fatalf("%s: %d %v", path, answer.StatusCode, err)
	}
	return string(body)
}
