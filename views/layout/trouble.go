package layout

import (
	"hash/fnv"
	"strconv"
)

// TroublePath is where the banner of a page renews itself.
const TroublePath = "/node/trouble"

// TroubleSeen is a digest of what the banner says. While it would say the same it is left alone,
// so that a screen reader does not read it out again.
func (c Chrome) TroubleSeen() string {
	h := fnv.New64a()
	_, _ = h.Write([]byte(c.Trouble + "\x00" + c.Since.ISO))
	return strconv.FormatUint(h.Sum64(), 16)
}
