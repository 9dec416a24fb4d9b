package argvtest

import (
	"slices"
	"testing"
)

func TestSwitch(t *testing.T) {
	for _, c := range []struct {
		argv  []string
		value string
		found bool
	}{
		{[]string{"app"}, "", false},
		{nil, "", false},
		{[]string{"app", "--type=renderer"}, "renderer", true},
		{[]string{"app", "--a", "b", "--type=gpu-process", "--type=x"}, "gpu-process", true},
		{[]string{"app", "--type="}, "", true},
		{[]string{"app", "--type"}, "", false},
		{[]string{"app", "-type=renderer"}, "", false},
		{[]string{"app", "--types=renderer"}, "", false},
		{[]string{"app", "--typ=renderer"}, "", false},
		{[]string{"app", "--no-type=renderer"}, "", false},
		{[]string{"app", "type=renderer"}, "", false},
		{[]string{"--type=renderer"}, "", false},
		{[]string{"app", "--", "--type=renderer"}, "", false},
		{[]string{"app", "", "-", "--type=zygote"}, "zygote", true},
	} {
		value, found := Switch(c.argv, "type")
		if value != c.value || found != c.found {
			t.Errorf("%q: got %q, %v", c.argv, value, found)
		}
	}
}

func TestSchemes(t *testing.T) {
	got, ok := Schemes("app=85,lab-1.x+y=0,z=1000000000")
	want := []Scheme{{"app", 85}, {"lab-1.x+y", 0}, {"z", 1000000000}}
	if !ok || !slices.Equal(got, want) {
		t.Errorf("got %v, %v", got, ok)
	}
	if got, ok := Schemes(""); !ok || got != nil {
		t.Errorf("the empty list is %v, %v", got, ok)
	}
	for _, bad := range []string{"app", "app=", "=1", "app=1,", "app=1x", "App=1", "1app=1", "app=-1", "app=1;b=2", "app=99999999999", ",app=1", "app =1", "app=1,,b=2"} {
		if got, ok := Schemes(bad); ok {
			t.Errorf("%q became %v", bad, got)
		}
	}
}

func FuzzSchemes(f *testing.F) {
	f.Add("app=85,lab=1")
	f.Add("app=")
	f.Fuzz(func(t *testing.T, list string) {
		schemes, _ := Schemes(list)
		for _, s := range schemes {
			if s.Name == "" || s.Options < 0 {
				t.Errorf("%q gave %v", list, s)
			}
		}
	})
}
