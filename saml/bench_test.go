package saml_test

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"sallyport/saml/samltest"
)

// BenchmarkAccept judges answers of a usual IdP: signed twice, with some groups.
func BenchmarkAccept(b *testing.B) {
	for _, groups := range []int{10, 200} {
		b.Run(fmt.Sprintf("%d groups", groups), func(b *testing.B) {
			a := good()
			a.Sign, a.Groups = samltest.SignBoth, nil
			for i := range groups {
				a.Groups = append(a.Groups, fmt.Sprintf("CN=group %d,OU=Groups,DC=corp,DC=example,DC=test", i))
			}
			form := idp(b).Form(a)
			p := sp(b)
			begun := processorTime(b)
			for b.Loop() {
				if _, err := p.Accept(form, expected); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/(processorTime(b)-begun).Seconds(), "answers/s/core")

		})
	}
}

// processorTime is that of this process: the clock tells what other processes do, too.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
