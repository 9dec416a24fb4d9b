// Command empty does nothing: what starting a Go program takes by itself.
package main

func main() {}
