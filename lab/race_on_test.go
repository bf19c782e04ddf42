//go:build race

package lab

import "os"

// raceFlag has the program under test look for races too; the detector needs cgo.
func raceFlag() []string {
	os.Setenv("CGO_ENABLED", "1")
	return []string{"-race"}
}
