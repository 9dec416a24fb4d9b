// Package missing imports what is not there.
package missing

import (
	_ "github.com/oriel-go/oriel/cmd/oriel/nothing" // want "github.com/oriel-go/oriel/cmd/oriel/nothing"
	_ "nothing/at/all"                              // want "package nothing/at/all is not in std"
)
