package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// A param is one parameter of a method or function, or one field of a struct.
type param struct {
	Type string // C type as the table spells it, without the trailing space
	Name string
}

// A member is one field or method of a struct.
type member struct {
	Name   string
	Offset int
	Method bool
	Type   string  // field type, or a method's result
	Params []param // a method's parameters, self first
}

// A structDef is one struct of the table, members in layout order.
type structDef struct {
	Name    string
	Size    int
	Members []member
}

// A function is one symbol that libcef exports.
type function struct {
	Name   string
	Result string
	Params []param
}

// An enum is one enumeration with its enumerators in order.
type enum struct {
	Name   string
	Values []enumerator
}

type enumerator struct {
	Name  string
	Value int64
}

// A table is the whole API.
type table struct {
	Structs   []*structDef
	Functions []function
	Enums     []*enum
	Typedefs  []param // Name is the new name

	structs map[string]*structDef
	enums   map[string]*enum
}

func readTable(dir string) (*table, error) {
	t := &table{structs: map[string]*structDef{}, enums: map[string]*enum{}}
	err := readRows(filepath.Join(dir, "structs.tsv"), 7, func(r []string) error {
		s := t.structs[r[0]]
		if s == nil {
			size, err := strconv.Atoi(r[1])
			if err != nil {
				return err
			}
			s = &structDef{Name: r[0], Size: size}
			t.structs[r[0]] = s
			t.Structs = append(t.Structs, s)
		}
		offset, err := strconv.Atoi(r[2])
		if err != nil {
			return err
		}
		m := member{Name: r[4], Offset: offset, Method: r[3] == "method", Type: r[5]}
		if m.Method {
			m.Params = parseParams(r[6])
		}
		s.Members = append(s.Members, m)
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = readRows(filepath.Join(dir, "functions.tsv"), 3, func(r []string) error {
		t.Functions = append(t.Functions, function{Name: r[0], Result: r[1], Params: parseParams(r[2])})
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = readRows(filepath.Join(dir, "enums.tsv"), 3, func(r []string) error {
		e := t.enums[r[0]]
		if e == nil {
			e = &enum{Name: r[0]}
			t.enums[r[0]] = e
			t.Enums = append(t.Enums, e)
		}
		v, err := strconv.ParseInt(r[2], 0, 64)
		if err != nil {
			return err
		}
		e.Values = append(e.Values, enumerator{r[1], v})
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = readRows(filepath.Join(dir, "typedefs.tsv"), 2, func(r []string) error {
		t.Typedefs = append(t.Typedefs, param{Name: r[0], Type: r[1]})
		return nil
	})
	return t, err
}

// readRows calls row for each line after the heading; every line has n columns.
func readRows(path string, n int, row func([]string) error) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	sc := bufio.NewScanner(f)
	for line := 1; sc.Scan(); line++ {
		if line == 1 {
			continue
		}
		cols := strings.Split(sc.Text(), "\t")
		if len(cols) != n {
			return fmt.Errorf("%s:%d: %d columns, want %d", path, line, len(cols), n)
		}
		if err := row(cols); err != nil {
			return fmt.Errorf("%s:%d: %w", path, line, err)
		}
	}
	return sc.Err()
}

// parseParams splits "const cef_string_t *url, int index" at its commas; no type of the API contains one.
func parseParams(s string) []param {
	if s == "" || s == "void" {
		return nil
	}
	var ps []param
	for _, p := range strings.Split(s, ", ") {
		i := strings.LastIndexAny(p, " *") + 1
		ps = append(ps, param{Type: strings.TrimSpace(p[:i]), Name: p[i:]})
	}
	return ps
}

// bases returns the chain of structs that s begins with, outermost first, without the ref-counted root.
func (t *table) bases(s *structDef) []*structDef {
	var chain []*structDef
	for {
		if len(s.Members) == 0 || s.Members[0].Name != "base" {
			return chain
		}
		base := t.structs[s.Members[0].Type]
		if base == nil || base.Name == rootType || base.Name == scopedType {
			return chain
		}
		chain = append(chain, base)
		s = base
	}
}

const (
	rootType   = "cef_base_ref_counted_t"
	scopedType = "cef_base_scoped_t"
)

// counted reports whether s is a reference-counted object rather than a plain struct of values.
func (t *table) counted(s *structDef) bool {
	for len(s.Members) > 0 && s.Members[0].Name == "base" {
		s = t.structs[s.Members[0].Type]
		if s.Name == rootType {
			return true
		}
	}
	return false
}
