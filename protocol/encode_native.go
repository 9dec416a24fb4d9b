package protocol

import (
	"encoding/binary"
	"fmt"
	"math/big"
	"reflect"
)

// native writes one of the types of types.go.
func (e *encoder) native(v reflect.Value) error {
	switch x := v.Interface().(type) {
	case Undefined:
		e.scalar()
		return e.leaf(ExtUndefined)
	case UTF16:
		e.scalar()
		return e.utf16(x)
	case InvalidDate:
		e.mark()
		return e.leaf(ExtInvalidDate)
	case ArrayBuffer:
		if done, err := e.sliceKnown(v); done || err != nil {
			return err
		}
		e.mark()
		return e.leaf(ExtArrayBuffer, x...)
	case View:
		return e.view(x)
	case RegExp:
		return e.nested(ExtRegExp, func() error {
			e.items += 2
			if err := e.string(x.Source); err != nil {
				return err
			}
			return e.string(x.Flags)
		})
	case Map:
		return e.nested(ExtMap, func() error { return e.entries(x.Entries) })
	case Set:
		return e.nested(ExtSet, func() error { return e.values(x.Values) })
	case Error:
		return e.jsError(&x)
	case SparseArray:
		return e.nested(ExtSparse, func() error { return e.sparse(&x) })
	case Object:
		return e.object(x.Properties)
	case Ordered:
		return e.any(x.Value)
	case Boxed:
		return e.boxed(x)
	}
	return fmt.Errorf("%w: %s", ErrUncloneable, v.Type())
}

func (e *encoder) utf16(units UTF16) error {
	if 2*len(units) > MaxPacket {
		return errTooLarge
	}
	b := make([]byte, 0, 2*len(units))
	for _, u := range units {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return e.leaf(ExtUTF16, b...)
}

func (e *encoder) view(v View) error {
	size := v.Kind.Size()
	if size == 0 || len(v.Data)%size != 0 {
		return fmt.Errorf("%w: %d bytes of %s", ErrUncloneable, len(v.Data), v.Kind)
	}
	// The kind belongs to the identity; a length is never negative.
	data := reflect.ValueOf(v.Data)
	if len(v.Data) > 0 {
		id := identity{data.Pointer(), -len(v.Data)<<8 - int(v.Kind), data.Type()}
		if done, err := e.known(id); done || err != nil {
			return err
		}
	}
	e.mark()
	if err := e.mp.EncodeExtHeader(ExtView, 1+len(v.Data)); err != nil {
		return err
	}
	e.buf = append(e.buf, byte(v.Kind))
	_, err := e.Write(v.Data)
	return err
}

func (e *encoder) entries(entries []MapEntry) error {
	for i, entry := range entries {
		if err := e.any(entry.Key); err != nil {
			return atIndex(err, i)
		}
		if err := e.any(entry.Value); err != nil {
			return atIndex(err, i)
		}
	}
	return nil
}

func (e *encoder) values(values []any) error {
	for i, v := range values {
		if err := e.any(v); err != nil {
			return atIndex(err, i)
		}
	}
	return nil
}

func (e *encoder) jsError(x *Error) error {
	return e.nested(ExtError, func() error {
		e.items += 3
		if err := e.string(x.Name); err != nil {
			return err
		}
		if err := e.string(x.Message); err != nil {
			return err
		}
		var err error
		if x.Stack == "" {
			err = e.null()
		} else {
			err = e.string(x.Stack)
		}
		if err != nil {
			return err
		}
		if x.Cause == nil {
			e.scalar()
			return e.leaf(ExtUndefined)
		}
		return atField(e.any(x.Cause), "cause")
	})
}

// goError writes a Go error as an Error that shows only its public text.
func (e *encoder) goError(err error) error {
	public := AsError(err)
	return e.jsError(&Error{Name: public.Name, Message: public.Message})
}

func (e *encoder) sparse(x *SparseArray) error {
	e.items++
	e.buf = appendUint(e.buf, x.Length)
	for _, el := range x.Elements {
		if el.Index >= x.Length {
			return fmt.Errorf("%w: element %d of an array of length %d", ErrUncloneable, el.Index, x.Length)
		}
		e.items++
		e.buf = appendUint(e.buf, el.Index)
		if err := e.any(el.Value); err != nil {
			return atIndex(err, int(el.Index))
		}
	}
	return e.properties(x.Properties)
}

// object writes an object with its properties in their order.
func (e *encoder) object(properties []Property) error {
	e.mark()
	if err := e.enter(); err != nil {
		return err
	}
	e.mapLen(len(properties))
	if err := e.properties(properties); err != nil {
		return err
	}
	e.leave()
	return nil
}

func (e *encoder) properties(properties []Property) error {
	for _, p := range properties {
		if err := e.key(p.Name); err != nil {
			return err
		}
		if err := e.any(p.Value); err != nil {
			return atField(err, p.Name)
		}
	}
	return nil
}

func (e *encoder) boxed(x Boxed) error {
	switch x.Value.(type) {
	case bool, string, UTF16, float64, int64, uint64, int, *big.Int:
		return e.nested(ExtBoxed, func() error { return e.any(x.Value) })
	}
	return fmt.Errorf("%w: boxed %T", ErrUncloneable, x.Value)
}
