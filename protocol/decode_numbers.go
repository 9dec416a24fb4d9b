package protocol

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
)

// numbers decodes a typed array into a slice or array of numbers or any.
func (d *decoder) numbers(v reflect.Value, view View) error {
	switch typeOf(v.Type().Elem()).in {
	case shapeInt, shapeUint, shapeFloat, shapeAny:
	default:
		return d.mismatch("array", d.peek())
	}
	start := d.pos
	d.skip()
	s, err := d.room(v, view.Len(), start)
	if err != nil {
		return err
	}
	for i := range view.Len() {
		if err := setNumber(s.Index(i), view.element(i)); err != nil {
			return atIndex(err, i)
		}
	}
	return nil
}

// setNumber stores an int64, uint64 or float64.
func setNumber(v reflect.Value, x any) error {
	n := reflect.ValueOf(x)
	if v.Kind() == reflect.Interface {
		v.Set(n)
		return nil
	}
	if v.CanFloat() {
		return setFloat(v, n.Convert(reflect.TypeFor[float64]()).Float())
	}
	var fits bool
	switch x := x.(type) {
	case float64:
		if x != math.Trunc(x) || math.Abs(x) >= 1<<63 {
			return tooLarge(fmt.Sprint(x), v.Type())
		}
		fits = setInteger(v, int64(x))
	case int64:
		fits = setInteger(v, x)
	case uint64:
		if fits = v.CanUint() && !v.OverflowUint(x); fits {
			v.SetUint(x)
		} else if v.CanInt() && x <= math.MaxInt64 {
			fits = setInteger(v, int64(x))
		}
	}
	if !fits {
		return tooLarge(fmt.Sprint(x), v.Type())
	}
	return nil
}

// setInteger stores n if it fits, and says whether it does.
func setInteger(v reflect.Value, n int64) bool {
	switch {
	case v.CanInt() && !v.OverflowInt(n):
		v.SetInt(n)
	case v.CanUint() && n >= 0 && !v.OverflowUint(uint64(n)):
		v.SetUint(uint64(n))
	default:
		return false
	}
	return true
}

// setFloat stores f, which may be too large for a float32.
func setFloat(v reflect.Value, f float64) error {
	if v.OverflowFloat(f) {
		return tooLarge(strconv.FormatFloat(f, 'g', -1, 64), v.Type())
	}
	v.SetFloat(f)
	return nil
}

// numberText writes f as JavaScript does, or nearly.
func numberText(f float64) string {
	return strings.TrimPrefix(strings.Replace(strconv.FormatFloat(f, 'g', -1, 64), "Inf", "Infinity", 1), "+")
}
