package admin

import "sallyport/views/parts"

// Fault is something wrong at the node, or something that was and is mended.
type Fault struct {
	Subject  string // what it is about, by its name; empty: the host
	Href     string
	Sentence string
	Since    parts.When
}

// Settings is the page of the deployment's names and of the node.
type Settings struct {
	Names  []parts.Pair
	Node   []parts.Pair
	State  string // reachable or unreachable
	Why    string
	Faults []Fault
	// Repairs are what somebody changed behind our back and was mended, newest first.
	Repairs []Fault
}
