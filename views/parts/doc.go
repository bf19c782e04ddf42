// Package parts holds the pieces that pages are made of: form controls, tables, chips, confirm
// steps. They take plain structs, know no domain type and no request, and emit neither inline
// styles nor inline scripts, because the content security policy allows none.
package parts
