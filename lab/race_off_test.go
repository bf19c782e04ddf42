//go:build !race

package lab

func raceFlag() []string { return nil }

func raceEnv() []string { return nil }
