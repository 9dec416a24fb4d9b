package protocol

import "reflect"

// Absent sets what into points to to what an argument gives that is not there:
// the zero value, but for channels. Who receives from a nil one waits for ever, so
// one that is absent, or null, is closed.
func Absent(into any) {
	v := reflect.ValueOf(into).Elem()
	v.SetZero()
	if info := typeOf(v.Type()); info.channels {
		closeChannels(v, info)
	}
}

// hasChannels says whether there are channels in values of a type, other than
// behind pointers and the like, which are nil where nothing has come.
func hasChannels(info *typeInfo) bool {
	switch info.in {
	case shapeStream:
		return info.t.Kind() == reflect.Chan
	case shapeArray:
		return info.elem.channels
	case shapeStruct:
		for i := range info.fields {
			if info.fields[i].info.channels {
				return true
			}
		}
	}
	return false
}

// closeChannels puts closed channels where there are none.
func closeChannels(v reflect.Value, info *typeInfo) {
	switch info.in {
	case shapeStream:
		if v.IsNil() {
			c := reflect.MakeChan(reflect.ChanOf(reflect.BothDir, info.t.Elem()), 0)
			c.Close()
			v.Set(c.Convert(info.t))
		}
	case shapeArray:
		for i := range v.Len() {
			closeChannels(v.Index(i), info.elem)
		}
	case shapeStruct:
		for i := range info.fields {
			if f := &info.fields[i]; f.info.channels {
				if field, err := v.FieldByIndexErr(f.index); err == nil {
					closeChannels(field, f.info)
				}
			}
		}
	}
}
