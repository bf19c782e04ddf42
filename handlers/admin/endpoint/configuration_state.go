package endpoint

import (
	"slices"

	"sallyport/control/endpoint"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

// clientsState tells whether clients can connect with the file of an endpoint now, and otherwise why not and where that is mended.
func clientsState(view endpoint.View) views.ClientsState {
	associations := parts.Button{Label: "Target network associations", Href: views.EndpointPath(view.ID, "associations")}
	broken := slices.IndexFunc(view.Faults, func(f vpn.Fault) bool { return !f.Warning })
	switch {
	case broken >= 0:
		mend := associations
		if !isAssociation(view, view.Faults[broken].Subject) {
			mend = parts.Button{Label: "Modify Client VPN endpoint", Href: views.EndpointPath(view.ID, "edit")}
		}
		return stateNotice("danger", "Clients cannot rely on this endpoint", view.Faults[broken].Message+" Until that is mended the file may not work.", mend)
	case view.State != vpn.EndpointAvailable && isAssociated(view):
		return stateNotice("info", "The target network is being associated", waitsFor(view), associations)
	case view.State != vpn.EndpointAvailable:
		return stateNotice("warning", "Clients cannot connect yet", "The endpoint is "+string(view.State)+". The file is complete; it works once a target network is associated.", associations)
	case len(view.Faults) > 0:
		state := stateNotice("warning", "A part of this endpoint needs attention", view.Faults[0].Message, associations)
		state.Ready = true
		return state
	}
	return views.ClientsState{Ready: true}
}

func stateNotice(tone, title, text string, mend parts.Button) views.ClientsState {
	return views.ClientsState{Notice: &views.Notice{Tone: tone, Title: title, Text: text, Action: mend}}
}

func isAssociation(view endpoint.View, id string) bool {
	return slices.ContainsFunc(view.Associations, func(a vpn.AssociationStatus) bool { return string(a.ID) == id })
}

// waitsFor says what the association waits for that is being made.
func waitsFor(view endpoint.View) string {
	for _, a := range view.Associations {
		if a.Removed == 0 && a.Reason != "" {
			return a.Reason + " Clients connect once the target network is associated. The file is complete already."
		}
	}
	return "Clients connect once it is, as a rule within seconds. The file is complete already."
}
