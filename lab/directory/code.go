package directory

import (
	"testing"
	"time"

	"sallyport/lab/netlab"
	"sallyport/vpn"
)

// codeStep is how long an authenticator shows a code.
const codeStep = 30 * time.Second

// FormerCode is the code that an authenticator showed before its present one. It is good as long as the present one is shown, so
// that this waits for the next code where the present one is about to end.
func FormerCode(t testing.TB, key vpn.Secret) string {
	t.Helper()
	now := time.Now()
	netlab.Eventually(t, codeStep, "the code of the authenticator is shown for some time yet", func() bool {
		now = time.Now()
		return now.Sub(now.Truncate(codeStep)) < codeStep/2
	})
	return vpn.TOTP(key, now.Add(-codeStep))
}
