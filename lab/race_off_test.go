//go:build !race

package lab

func raceFlag() []string { return nil }
