package portal

import "sallyport/vpn"

// Devices is the page of a user's devices.
type Devices struct {
	Nav     Nav
	Path    string // of the page
	Devices []Device
	For     []DeviceEndpoint // the endpoints for which a device can be made
	Chosen  string           // the endpoint that the form chooses
	Name    string           // as typed, or proposed
	Err     string           // why no file was made; empty: none was refused
	Limit   int              // 0: no devices are made
	Live    int              // devices that count
	Removed bool             // a device was removed
}

// DeviceEndpoint is an endpoint for which a device can be made.
type DeviceEndpoint struct{ ID, Name string }

// Device is one device.
type Device struct {
	Path, Name, Endpoint string
	Made, Ends, Used     Time
	State                vpn.DeviceState
	Why                  string // it was revoked
	Notice               int    // days before the end of the certificate; 0: it is further away
	Renewable            bool
	Outdated             bool
}

// Live tells whether the device can connect.
func (d Device) Live() bool { return d.State == vpn.DeviceValid || d.State == vpn.DeviceExpiresSoon }

// DeviceQuestion asks whether a device shall be removed.
type DeviceQuestion struct {
	Nav              Nav
	Path, Back, Name string
}

// tone is the urgency of the notice that a certificate ends.
func (d Device) tone() string {
	if d.Notice <= 7 {
		return "notice warn"
	}
	return "notice"
}

// within says how soon.
func (d Device) within() string {
	if d.Notice == 1 {
		return "within a day"
	}
	return "within " + number(d.Notice) + " days"
}
