package vpn

import "cmp"

// Rename gives the certificate another name in lists; without one it has its common name. was is the name that the form was filled
// with. Field: name. Stale where another administrator saved another one since.
func (c *Certificate) Rename(was, name string) error {
	var check Check
	name = cmp.Or(checkName(&check, "name", name, false), c.CommonName)
	if c.Name != was && c.Name != name {
		return ErrStale("certificate").Beside(check.fields)
	}
	if err := check.Err(); err != nil {
		return err
	}
	c.Name = name
	return nil
}
