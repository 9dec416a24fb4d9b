package protocol

import (
	"reflect"
	"slices"
	"strings"
)

// field is one field of a struct, promoted ones included.
type field struct {
	name      string
	key       []byte // name, encoded
	index     []int
	info      *typeInfo
	tagged    bool // the name is a tag's
	omitEmpty bool
	omitZero  bool
	absent    bool // may be left out: one of the above, or within an embedded pointer
}

// structFields lists the fields that travel, as encoding/json would: the exported ones, those of embedded structs too. Of several with one name the
// nearest counts; of equally near ones the only one with a tag, else none. What Go calls them does not matter.
func structFields(t reflect.Type, fresh map[reflect.Type]*typeInfo) []field {
	all := appendFields(nil, t, nil, map[reflect.Type]bool{})
	fields := slices.DeleteFunc(slices.Clone(all), func(f field) bool {
		return slices.ContainsFunc(all, func(g field) bool { return g.name == f.name && f.yields(g) })
	})
	for i := range fields {
		f := &fields[i]
		f.info = buildType(t.FieldByIndex(f.index).Type, fresh)
		f.key = appendString(nil, strings.ToValidUTF8(f.name, "\uFFFD"))
		f.absent = f.omitEmpty || f.omitZero || len(f.index) > 1
	}
	return fields
}

// yields says whether another field with the same name keeps f from travelling.
func (f field) yields(other field) bool {
	switch {
	case slices.Equal(f.index, other.index):
		return false
	case len(f.index) != len(other.index):
		return len(f.index) > len(other.index)
	}
	return other.tagged || !f.tagged
}

// appendFields adds the fields of t, which is embedded at index, to all. The types that it is embedded in are open.
func appendFields(all []field, t reflect.Type, index []int, open map[reflect.Type]bool) []field {
	if open[t] {
		return all
	}
	open[t] = true
	defer delete(open, t)
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, tagged := fieldTag(f)
		at := append(slices.Clip(index), i)
		switch {
		case name == "-" && !tagged:
		case f.Anonymous && !tagged && embedded(f.Type):
			if f.Type.Kind() != reflect.Pointer {
				all = appendFields(all, f.Type, at, open)
			} else if f.IsExported() { // another one could not be filled
				all = appendFields(all, f.Type.Elem(), at, open)
			}
		case f.IsExported():
			all = append(all, field{
				name: name, index: at, tagged: tagged,
				omitEmpty: hasOption(options, "omitempty"), omitZero: hasOption(options, "omitzero"),
			})
		}
	}
	return all
}

// embedded says whether the fields of an embedded type take its place.
func embedded(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Kind() == reflect.Struct && t != timeType && t != bigIntType && !nativeTypes[t]
}

// fieldTag returns the field's name on the wire: by the msgpack tag, else by
// the json tag, else its own. A tag of "-" gives "-" and no tag.
func fieldTag(f reflect.StructField) (name, options string, tagged bool) {
	tag := f.Tag.Get("msgpack")
	if tag == "" {
		tag = f.Tag.Get("json")
	}
	if tag == "-" {
		return "-", "", false
	}
	name, options, _ = strings.Cut(tag, ",")
	if name == "" {
		return f.Name, options, false
	}
	return name, options, true
}

func hasOption(options, want string) bool {
	for option := range strings.SplitSeq(options, ",") {
		if option == want {
			return true
		}
	}
	return false
}
