// Package ci holds the tests of the tree as a whole: which package may import which, and whether the
// module can be moved to another path and used from there. Beside it stand the programs and scripts
// that the Makefile and continuous integration call:
//
//	fuzz/     runs every fuzz target of the module
//	rehome/   moves the module to another path
//	*.sh      the steps that CI adds to make test, in order of name
package ci
