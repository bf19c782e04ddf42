// Package portal is the set of the actions of the public pages: what end users and identity providers open. A
// package below it holds the actions on one noun, one file each. They know nothing of the console: neither its
// sessions nor its pages.
package portal
