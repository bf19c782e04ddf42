// Package store keeps Sallyport's data in SQLite (one host) or PostgreSQL (several). Rows are
// private to this package and mapped to and from the domain's types, so that neither a column nor
// GORM is known anywhere else. Use cases work with [Store] and [Tx] themselves: there is one
// database layer, so no interface stands before it.
//
// Rows keep times as microseconds since 1970 in UTC (finer parts are lost), address ranges as
// text and, where they are sorted by, as numbers, and secrets sealed for their place. Search is
// for a part of a text without regard to case, in every script, and the same in both databases:
// each listed row carries what a search looks at in lower case.
package store
