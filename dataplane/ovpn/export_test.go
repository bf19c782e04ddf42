package ovpn

// ParseGoodbye is parseGoodbye for tests outside the package.
var ParseGoodbye = parseGoodbye
