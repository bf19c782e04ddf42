//go:build race

package saml_test

import "time"

// mostCPU is that of a build without the race detector, five times: the dearest answer was measured at 303 ms with it.
const mostCPU = 500 * time.Millisecond
