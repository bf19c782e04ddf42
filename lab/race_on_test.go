//go:build race

package lab

import "os"

// raceFlag has the program under test look for races too; the detector needs cgo.
func raceFlag() []string {
	os.Setenv("CGO_ENABLED", "1")
	return []string{"-race"}
}

// raceEnv has a process that finds a race end, which no test survives.
func raceEnv() []string { return []string{"GORACE=halt_on_error=1"} }
