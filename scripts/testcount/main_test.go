package main

import (
	"strings"
	"testing"
)

func TestCount(t *testing.T) {
	for _, test := range []struct {
		name, input, want string
		ok                bool
	}{
		{"subtests count, their parent does not", `{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"run","Package":"p","Test":"TestA/x"}
{"Action":"run","Package":"p","Test":"TestA/y"}
{"Action":"pass","Package":"p","Test":"TestA/x"}
{"Action":"pass","Package":"p","Test":"TestA/y"}
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"run","Package":"p","Test":"TestB"}
{"Action":"pass","Package":"p","Test":"TestB"}
{"Action":"pass","Package":"p"}
`, "3 passed, 0 failed\n", true},
		{"a failed subtest fails once", `{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"run","Package":"p","Test":"TestA/x"}
{"Action":"output","Package":"p","Test":"TestA/x","Output":"why\n"}
{"Action":"fail","Package":"p","Test":"TestA/x"}
{"Action":"fail","Package":"p","Test":"TestA"}
{"Action":"fail","Package":"p"}
`, "0 passed, 1 failed\n", false},
		{"a parent that fails by itself", `{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"run","Package":"p","Test":"TestA/x"}
{"Action":"pass","Package":"p","Test":"TestA/x"}
{"Action":"fail","Package":"p","Test":"TestA"}
{"Action":"fail","Package":"p"}
`, "1 passed, 1 failed\n", false},
		{"a skip is a failure", `{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"skip","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p"}
`, "0 passed, 1 failed\n", false},
		{"a package that dies", `{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestA","Output":"fatal error\n"}
{"Action":"fail","Package":"p"}
`, "no test ran\n0 passed, 1 failed\n", false},
		{"a package without tests", `{"Action":"skip","Package":"q"}
{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p"}
`, "1 passed, 0 failed\n", true},
		{"other lines pass through", "oriel: installing\n" + `{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p","Test":"TestA"}
`, "oriel: installing\n1 passed, 0 failed\n", true},
		{"a run that fails after its tests passed", `{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p"}
{"Action":"fail","Package":"make test"}
`, "fail make test\n1 passed, 1 failed\n", false},
		{"a run that fails because a test did", `{"Action":"fail","Package":"p","Test":"TestA"}
{"Action":"fail","Package":"p"}
{"Action":"fail","Package":"make test"}
`, "fail p TestA\n0 passed, 1 failed\n", false},
		{"nothing at all", "", "no test ran\n0 passed, 1 failed\n", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			var out strings.Builder
			c := newCounter(&out)
			if err := c.read(strings.NewReader(test.input)); err != nil {
				t.Fatal(err)
			}
			if ok := c.finish(0, 0); ok != test.ok || !strings.HasSuffix(out.String(), test.want) {
				t.Errorf("%v, %q; want %v, ending in %q", ok, out.String(), test.ok, test.want)
			}
		})
	}
}

func TestOtherChecksCount(t *testing.T) {
	var out strings.Builder
	c := newCounter(&out)
	c.event(event{Action: "pass", Package: "p", Test: "TestA"})
	if c.finish(4, 1) || !strings.HasSuffix(out.String(), "5 passed, 1 failed\n") {
		t.Errorf("%q", out.String())
	}
}
