//go:build !race

package saml_test

import "time"

// mostCPU is the processor time that an answer may take, accepted or not.
const mostCPU = 100 * time.Millisecond
