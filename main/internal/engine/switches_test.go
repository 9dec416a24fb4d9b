package engine

import (
	"slices"
	"testing"
)

func TestMerge(t *testing.T) {
	base := []Switch{{"lang", "en"}, {"quiet", ""}, {disableFeatures, "A,B<Trial,C:x/1"}}
	for _, c := range []struct {
		name string
		add  []Switch
		want []Switch
	}{
		{"nothing", nil, base},
		{"a value replaced", []Switch{{"lang", "de"}}, []Switch{{"lang", "de"}, {"quiet", ""}, base[2]}},
		{"a switch added", []Switch{{"new", "1"}}, []Switch{base[0], base[1], base[2], {"new", "1"}}},
		{"features added up", []Switch{{disableFeatures, "D,A"}}, []Switch{base[0], base[1], {disableFeatures, "B<Trial,C:x/1,D,A"}}},
		{"features enabled after all", []Switch{{enableFeatures, "A,B,*C"}}, []Switch{base[0], base[1], {enableFeatures, "A,B,*C"}}},
		{"no features", []Switch{{enableFeatures, ""}, {disableFeatures, ",,"}}, base},
	} {
		if got := merge(base, c.add); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
	if base[2].Value != "A,B<Trial,C:x/1" {
		t.Errorf("merge changed its argument: %v", base)
	}
}
