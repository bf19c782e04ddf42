package config

import (
	"maps"
	"slices"
	"strings"
)

// suggestion returns the setting that is closest to a misspelt key, in the form that was used.
func suggestion(a assignment, known map[string]setting) string {
	best, bestDistance := "", len(a.key)/2+1
	for _, key := range slices.Sorted(maps.Keys(known)) {
		if d := distance(a.key, key); d < bestDistance {
			best, bestDistance = key, d
		}
	}
	switch {
	case best == "":
		return "; sallyport help config lists them"
	case strings.HasPrefix(a.origin, envPrefix):
		best = envPrefix + strings.ToUpper(best)
	case strings.HasPrefix(a.origin, "-"):
		best = "--" + strings.ReplaceAll(best, "_", "-")
	}
	return "; did you mean " + best + "?"
}

// distance is the Levenshtein distance.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
