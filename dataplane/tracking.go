package dataplane

import (
	"context"
	"fmt"

	"sallyport/dataplane/host"
)

// checkTracking reports connection tracking that is nearly full: then nothing on the host can open
// a connection any more, the console included.
func (e *Engine) checkTracking(ctx context.Context) {
	held, most, err := host.TrackedFlows()
	if err != nil {
		e.log.WarnContext(ctx, "connection tracking cannot be examined", "err", err)
		return
	}
	message := trackingFault(held, most)
	if e.faults.Set(faultTracking, "", message, e.now()) && message != "" {
		e.log.WarnContext(ctx, "connection tracking is nearly full", "flows", held, "most", most)
	}
}

// trackingFault is the sentence for the administrator from nine tenths on, else "".
func trackingFault(held, most int) string {
	if most == 0 || held < most/10*9 {
		return ""
	}
	return fmt.Sprintf("Connection tracking of this host holds %d of at most %d flows. When it is full, no program on this host opens connections and no client connects. Raise net.netfilter.nf_conntrack_max, or lower flows_per_client.", held, most)
}
