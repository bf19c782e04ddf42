// Package page holds what the actions of the console share: reading a request, the chrome of a page,
// forms and their refusals, lists, parts that renew themselves, and the message to the next page.
package page
