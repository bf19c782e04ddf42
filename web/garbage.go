package web

import (
	"os"
	"runtime/debug"
)

// garbagePercent is how much may be allocated before garbage is collected, in percent of what is in use.
const garbagePercent = 200

// CollectGarbageLessOften has this process collect garbage when its heap is three times what is in use, in place of twice, where
// GOGC in its environment does not say otherwise. A process that serves pages and sign-ins keeps little and drops much: an
// answer of a SAML identity provider takes 0.8 MB. A sixth more answers in a second and core cost half of the heap in use.
func CollectGarbageLessOften() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbagePercent)
	}
}
