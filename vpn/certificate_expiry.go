package vpn

// RenewalLate is how long before its end a certificate that should have renewed itself is warned of.
const RenewalLate = 14 * day
