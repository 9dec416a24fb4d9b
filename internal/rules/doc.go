// Package rules holds the rules of the house as tests: which room may import which, who may use cgo, what a package owes its reader, what
// may lie in the repository. It has nothing to import. Each rule has a test beside it that feeds it a bad example.
package rules
