package parts

import "strconv"

// TagRows are the tags in a form as typed.
type TagRows struct {
	Rows  []Tag
	Full  bool // no more can be added
	Focus int  // number of the row, from 1, in which the user goes on typing; 0: in none
}

// Tag is a key and a value as typed.
type Tag struct{ Key, Value string }

// TagRowsName is the name of the buttons that add and remove a row without scripts. Their value is TagRowsAdd, or the
// number of the row to remove, from 1.
const (
	TagRowsName = "tag_rows"
	TagRowsAdd  = "add"
)

func tagID(part string, i int) string { return "tag-" + part + "-" + strconv.Itoa(i+1) }
