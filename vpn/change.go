package vpn

// Change is the life of a part of an endpoint in generations: from which generation on it is
// wanted, and from which on it no longer is (0: still wanted). Together with what the dataplane
// has applied it gives the part's state; no state is ever stored.
type Change struct {
	Added   uint64
	Removed uint64
}
