package admin

import "sallyport/views/parts"

// Fault is something wrong at the node.
type Fault struct {
	Subject  string
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
}
