// Package store keeps Sallyport's data in SQLite (one host) or PostgreSQL (several). Rows are
// private to this package and mapped to and from the domain's types, so that no other package knows
// a column or GORM. Use cases work with [Store] and [Tx] themselves: there is one
// database layer, so no interface stands before it.
//
// Rows keep times as microseconds since 1970 in UTC (finer parts are lost), address ranges as
// text and, where lists are sorted by them, as numbers, and secrets sealed for their place. A search
// finds a part of a text, ignores case in every script, and is the same in both databases: each
// listed row has a column with the searched texts in lower case.
package store
