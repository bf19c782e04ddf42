// Package admin holds the console's pages as templ components and the plain structs they draw.
package admin
