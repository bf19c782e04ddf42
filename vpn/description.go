package vpn

// DescriptionEdit is a request to change the description of a rule or a route as typed. Was is the one that the form was
// filled with.
type DescriptionEdit struct{ Was, Description string }

// edit changes a stored description. what names the thing that it is of. Field: description. Stale where another
// administrator saved another one first.
func (in DescriptionEdit) edit(what string, stored *string) error {
	var c Check
	text := checkDescription(&c, "description", in.Description)
	if *stored != in.Was && *stored != text {
		return ErrStale(what).Beside(c.fields)
	}
	if err := c.Err(); err != nil {
		return err
	}
	*stored = text
	return nil
}

// DescribeRule changes the description of an authorization rule of the endpoint, and nothing that the dataplane knows.
func (e Endpoint) DescribeRule(r *Rule, in DescriptionEdit) error {
	switch {
	case e.Deleting:
		return ErrEndpointDeleting(e.ID)
	case r.Endpoint != e.ID:
		return NoSuch(CodeRuleNotFound, "authorization rule", string(r.ID))
	case r.Removed != 0:
		return Refuse(Conflict, CodeIncorrectState, "This authorization rule is being removed.")
	}
	return in.edit("authorization rule", &r.Description)
}

// DescribeRoute changes the description of a route of the endpoint, and nothing that the dataplane knows.
func (e Endpoint) DescribeRoute(r *Route, in DescriptionEdit) error {
	switch {
	case e.Deleting:
		return ErrEndpointDeleting(e.ID)
	case r.Endpoint != e.ID:
		return NoSuch(CodeRouteNotFound, "route", string(r.ID))
	case r.Removed != 0:
		return Refuse(Conflict, CodeIncorrectState, "This route is being deleted.")
	}
	return in.edit("route", &r.Description)
}
