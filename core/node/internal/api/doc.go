// Package api serves the HTTP interface of a node.
package api
