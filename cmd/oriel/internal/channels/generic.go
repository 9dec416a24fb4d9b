package channels

import (
	"go/types"
	"slices"
)

// isGeneric says whether a channel's types hold a parameter of the function that the call is in, so that they are not known there.
func (c *Channel) isGeneric() bool {
	return c.Result != nil && holdsParameter(c.Result) ||
		slices.ContainsFunc(c.Params, func(p Param) bool { return slices.ContainsFunc(p.Types, holdsParameter) })
}

// holdsParameter looks into what a type is written with, not into the declarations of the types named there.
func holdsParameter(t types.Type) bool {
	switch t := types.Unalias(t).(type) {
	case *types.TypeParam:
		return true
	case *types.Named:
		return slices.ContainsFunc(slices.Collect(t.TypeArgs().Types()), holdsParameter)
	case *types.Map:
		return holdsParameter(t.Key()) || holdsParameter(t.Elem())
	case interface{ Elem() types.Type }:
		return holdsParameter(t.Elem())
	case *types.Struct:
		for f := range t.Fields() {
			if holdsParameter(f.Type()) {
				return true
			}
		}
	case *types.Signature:
		for p := range t.Params().Variables() {
			if holdsParameter(p.Type()) {
				return true
			}
		}
	}
	return false
}
