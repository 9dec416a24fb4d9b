package protocol

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"strconv"
)

// mapKey decodes a key and returns its name for an error's path.
func (d *decoder) mapKey(key reflect.Value, info *typeInfo, property bool) (string, error) {
	if !property {
		name := d.describe(d.peek()) + " key"
		if err := d.value(key, info); err != nil {
			return "", atField(err, name)
		}
		if !key.Comparable() {
			return "", atField(typeErrorf("%s cannot be the key of a Go map", name), name)
		}
		return shown(key, name), nil
	}
	name, err := d.name()
	if err != nil {
		return "", err
	}
	switch u, isText := key.Addr().Interface().(encoding.TextUnmarshaler); {
	case key.Kind() == reflect.String:
		key.SetString(name)
	case info.in == shapeAny:
		key.Set(reflect.ValueOf(name))
	case isText:
		err = ownError(u.UnmarshalText([]byte(name)))
	default:
		err = numericKey(key, name)
	}
	return name, atField(err, name)
}

// numericKey reads an integer that is a property's name.
func numericKey(key reflect.Value, name string) error {
	var err error
	switch {
	case key.CanInt():
		var n int64
		n, err = strconv.ParseInt(name, 10, key.Type().Bits())
		key.SetInt(n)
	case key.CanUint():
		var n uint64
		n, err = strconv.ParseUint(name, 10, key.Type().Bits())
		key.SetUint(n)
	default:
		return typeErrorf("a property's name is no %s", key.Type())
	}
	switch {
	case errors.Is(err, strconv.ErrRange):
		return tooLarge("the name", key.Type())
	case err != nil:
		return typeErrorf("expected an integer as name")
	}
	return nil
}

// shown is a key of a Map for an error's path: itself if it is short to tell, else the name of its kind.
func shown(key reflect.Value, kind string) string {
	if key.Kind() == reflect.Interface {
		key = key.Elem()
	}
	switch {
	case key.Kind() == reflect.String:
		return key.String()
	case key.CanInt() || key.CanUint() || key.CanFloat():
		return fmt.Sprint(key)
	}
	return kind
}
