// Package client speaks to a node over its HTTP interface: it submits, follows what is decided, and asks how the node
// is.
package client
