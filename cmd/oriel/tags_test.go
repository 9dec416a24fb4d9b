//go:build !cefdebug

package main

// tags are those that this test is built with.
const tags = ""
