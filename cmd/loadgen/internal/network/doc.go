// Package network runs a section of real nodes on this machine: each a process with its own folder, log, TLS and
// disk. It does faults to them and to the links between them.
//
// [Start] makes the folders, starts the nodes and waits until all serve; [Network.Close] ends them. Nodes keep their
// folders and addresses when they are started again. A node that ends unasked is told to [Config].Failed at once; one
// that a fault killed is not. What nodes write to standard error is in the folder, nodeI.log.
//
// Where no link has conditions and no fault of links is to come, nodes are connected to one another directly, at no
// cost. Otherwise every link is a proxy in this process, of package link, whose cost counts as this process's.
//
// Nodes listen for peers, clients and debuggers at ports of loopback below those that systems give to outgoing
// connections, so that none of those takes a port while its node is down.
package network
