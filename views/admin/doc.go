// Package admin holds the pages of the console as templ components, and the structs that they draw.
package admin
