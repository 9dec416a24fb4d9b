package layout

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
)

// readTable reads what CEF's own headers say: each struct (with an empty member) and each member, with size and offset.
func readTable(t *testing.T) map[string]Member {
	t.Helper()
	text, err := os.ReadFile("../../api/structs.tsv")
	if err != nil {
		t.Fatal(err)
	}
	table := map[string]Member{}
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n")[1:] {
		cols := strings.Split(line, "\t")
		size, err := strconv.Atoi(cols[1])
		if err != nil {
			t.Fatal(err)
		}
		offset, err := strconv.Atoi(cols[2])
		if err != nil {
			t.Fatal(err)
		}
		table[cols[0]+"."] = Member{Struct: cols[0], Size: size}
		table[cols[0]+"."+cols[4]] = Member{cols[0], cols[4], size, offset}
	}
	return table
}

// differences compares what the compiler makes of our declarations with the table, in both directions.
func differences(table map[string]Member, members []Member) []string {
	var ds []string
	seen := map[string]bool{}
	for _, m := range members {
		key := m.Struct + "." + m.Name
		seen[key] = true
		if want, ok := table[key]; !ok {
			ds = append(ds, key+" is not in the table")
		} else if m != want {
			ds = append(ds, fmt.Sprintf("%s: size of the struct %d, offset %d; the table has %d, %d", key, m.Size, m.Offset, want.Size, want.Offset))
		}
	}
	for key := range table {
		if !seen[key] {
			ds = append(ds, key+" is not declared")
		}
	}
	return ds
}

func TestLayout(t *testing.T) {
	table, members := readTable(t), Members()
	if len(members) < 1500 {
		t.Errorf("only %d structs and members are declared", len(members))
	}
	for _, d := range differences(table, members) {
		t.Error(d)
	}
}

func TestLayoutCanFail(t *testing.T) {
	members := Members()
	for name, spoil := range map[string]func([]Member) []Member{
		"offset":  func(ms []Member) []Member { ms[1].Offset += 8; return ms },
		"size":    func(ms []Member) []Member { ms[0].Size += 8; return ms },
		"missing": func(ms []Member) []Member { return ms[1:] },
		"extra":   func(ms []Member) []Member { return append(ms, Member{"cef_new_t", "", 8, 0}) },
	} {
		if n := len(differences(readTable(t), spoil(append([]Member(nil), members...)))); n != 1 {
			t.Errorf("%s: %d differences found, want 1", name, n)
		}
	}
}
