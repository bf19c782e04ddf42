package vpn

// Generations is the life of a part of an endpoint (an association, rule or route): the generation in which it was
// added and the one in which it was removed (0: it was not). Together with what the dataplane has applied they give
// the part's state, which is never stored.
type Generations struct {
	Added   uint64
	Removed uint64
}

// Gone reports whether a removed part has left the kernel, so that its row can be deleted.
func (g Generations) Gone(o Observation) bool { return g.Removed != 0 && o.Applied >= g.Removed }

// partStates are the words for the states of one kind of part.
type partStates[S ~string] struct{ adding, active, failed, removing S }

// state reports the applied state, not the desired one, of the part with the given ID, and the reason for it.
func (s partStates[S]) state(id string, g Generations, o Observation) (S, string) {
	fault, failed := o.FaultOf(id)
	switch {
	case g.Removed != 0:
		return s.removing, fault.Message
	case failed:
		return s.failed, fault.Message
	case o.Has(g.Added):
		return s.active, ""
	default:
		return s.adding, o.Waiting()
	}
}
