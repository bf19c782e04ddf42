// Package node holds the pages of the console about the node and the settings of the deployment.
package node

import (
	"sallyport/control"
	"sallyport/control/endpoint"
	"sallyport/control/node"
	"sallyport/control/setting"
	"sallyport/handlers/admin/page"
	"sallyport/handlers/admin/tutorial"
)

// Node is the node that this console runs on.
type Node struct {
	pages     *page.Pages
	steps     tutorial.Tutorial
	core      *control.Core
	nodes     *node.Service
	endpoints *endpoint.Service

	deployment *setting.Service
}

// New makes the actions.
func New(pages *page.Pages, steps tutorial.Tutorial, core *control.Core, nodes *node.Service, endpoints *endpoint.Service, deployment *setting.Service) Node {
	return Node{pages, steps, core, nodes, endpoints, deployment}
}
