//go:build race

package gateway

// raceFlags builds the program under test with the race detector too.
func raceFlags() []string { return []string{"-race"} }

// raceBuildEnv switches cgo on, which the race detector needs.
func raceBuildEnv() []string { return []string{"CGO_ENABLED=1"} }

// raceEnv has a process that finds a race end, which no test survives.
func raceEnv() []string { return []string{"GORACE=halt_on_error=1"} }
