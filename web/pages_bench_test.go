package web_test

import (
	"strings"
	"testing"
	"time"
)

// BenchmarkPages compares each page over 100,000 rows with the same page over 100 rows in one run: the
// result is the ratio of the times.
func BenchmarkPages(b *testing.B) {
	few, many := newCrowd(b, 100), newCrowd(b, 100_000)
	paths := many.pages()
	for name, path := range few.pages() {
		b.Run(strings.ReplaceAll(name, " ", "_"), func(b *testing.B) {
			var short, long time.Duration
			for b.Loop() {
				short += few.load(b, path)
				long += many.load(b, paths[name])
			}
			b.ReportMetric(float64(short.Microseconds())/1000/float64(b.N), "ms-of-100")
			b.ReportMetric(float64(long.Microseconds())/1000/float64(b.N), "ms-of-100000")
			b.ReportMetric(float64(long)/float64(short), "ratio")
			b.ReportMetric(0, "ns/op") // the two together say nothing
		})
	}
}
