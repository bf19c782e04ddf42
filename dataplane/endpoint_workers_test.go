package dataplane

import (
	"testing"

	"sallyport/vpn"
)

func TestWarningOfWorkersThatDoNotRun(t *testing.T) {
	t.Parallel()
	cause := vpn.Refuse(vpn.Unavailable, vpn.CodeWorkerFailed, "OpenVPN does not begin to listen.")
	for failed, want := range map[int]string{
		0: "",
		1: "1 of 4 OpenVPN workers does not run: OpenVPN does not begin to listen.",
		3: "3 of 4 OpenVPN workers do not run: OpenVPN does not begin to listen.",
	} {
		if got := warnOfWorkers(failed, 4, cause); got != want {
			t.Errorf("%d: got %q, want %q", failed, got, want)
		}
	}
}
