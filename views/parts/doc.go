// Package parts holds the components of pages: form controls, tables, chips, confirm steps, parts that
// renew themselves. They take plain structs and know neither the domain nor the request. They emit no
// inline styles and no inline scripts, because the content security policy forbids both.
package parts
