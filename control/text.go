package control

import "fmt"

// Plural is a number with its noun: "1 subnet", "2 subnets".
func Plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
