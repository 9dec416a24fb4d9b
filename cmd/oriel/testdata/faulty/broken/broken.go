// Package broken does not compile.
package broken

import "github.com/oriel-go/oriel/main/ipc"

// Serve registers badly.
func Serve(r *ipc.Router) {
	ipc.HandleFunc(r, "x", missing) // want "undefined: missing"
}
