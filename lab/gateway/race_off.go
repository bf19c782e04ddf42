//go:build !race

package gateway

func raceFlags() []string { return nil }

func raceBuildEnv() []string { return nil }

func raceEnv() []string { return nil }
