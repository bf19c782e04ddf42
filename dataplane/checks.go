package dataplane

// The checks whose findings stand beside each other in the faults of an endpoint or of the host. The
// journal has them by these names, which earlier versions of the program wrote too.
const (
	faultHost     = "host"    // the host lacks a prerequisite
	faultPlace    = "place"   // the port or the client CIDR is taken
	faultReach    = "reach"   // a target network cannot be reached
	faultRules    = "rules"   // the packet filter does not take the rules
	faultWorker   = "worker"  // OpenVPN does not run
	faultSome     = "some"    // some workers do not run; a warning
	faultFirewall = "foreign" // another firewall drops tunnel packets
	faultUnjudged = "unclear" // another firewall may drop tunnel packets; a warning
	faultPolicy   = "policy"  // the host policy does not allow it
	faultFlows    = "flows"   // flows of ended sessions are still in the kernel
	faultJournal  = "journal" // the desired state cannot be written

	faultPrerequisites = "lack"     // of the host: a prerequisite of tunnels
	faultDrift         = "drift"    // of the host: the packet filter differs from what was written
	faultOwned         = "owned"    // of the host: the kernel keeps no owned packet filter table
	faultTracking      = "tracking" // of the host: connection tracking is nearly full
	faultEvents        = "events"   // of the host: the event log cannot be written
)

// reconcileOrder is the order in which reconcile makes its checks.
var reconcileOrder = []string{faultHost, faultPolicy, faultPlace, faultReach, faultRules, faultWorker, faultSome, faultFirewall, faultUnjudged}
