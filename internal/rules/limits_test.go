package rules

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	limitsPage = "docs/limits.md"
	limitsFile = "protocol/wire.go"
)

var (
	limitName  = regexp.MustCompile(`^(Max[A-Z]|StreamWindow$|PortWindow$)`)
	limitEntry = regexp.MustCompile("(?m)^\\| `(\\w+)` \\| ([^|]+) \\|")
	namedLimit = regexp.MustCompile("\\(`(?:\\w+\\.)?(\\w+)`\\) \\| ([^|]+) \\|")
	aConstant  = regexp.MustCompile(`(?m)^\t?(?:const )?(\w+) += (.+?)(?: *//.*)?$`)
	testNamed  = regexp.MustCompile("`((?:Test|Fuzz)[A-Z]\\w*)`")
)

// limitsAreStated compares the wire's limits with the page that says what happens at each.
func limitsAreStated(files []file) (faults []string) {
	limits, stated := map[string]string{}, map[string]string{}
	for _, f := range files {
		switch f.name {
		case limitsFile:
			limits = limitsIn(f)
		case limitsPage:
			for _, m := range limitEntry.FindAllStringSubmatch(f.text, -1) {
				stated[m[1]] = number(m[2])
			}
		}
	}
	for name, value := range limits {
		if stated[name] != value {
			faults = append(faults, fmt.Sprintf("%s: %s is %s, the page says %q", limitsPage, name, value, stated[name]))
		}
	}
	for name := range stated {
		if limits[name] == "" {
			faults = append(faults, fmt.Sprintf("%s has %s, which %s does not", limitsPage, name, limitsFile))
		}
	}
	return faults
}

// namedLimitsAreStated compares the limits of other packages, which the page gives with their names in parentheses, with the constants there.
func namedLimitsAreStated(files []file) (faults []string) {
	values, page := map[string]string{}, ""
	for _, f := range files {
		switch {
		case f.name == limitsPage:
			page = f.text
		case f.name == limitsFile, f.is(".go") && !f.test() && slices.Contains([]string{"main/window", "renderer/ring", "utility", "utility/internal/socket"}, f.folder()):
			for _, m := range aConstant.FindAllStringSubmatch(f.text, -1) {
				unit := ""
				expression, seconds := strings.CutSuffix(m[2], " * time.Second")
				if seconds {
					unit = " s"
				}
				if v, err := types.Eval(token.NewFileSet(), nil, token.NoPos, expression); err == nil && v.Value != nil && v.Value.Kind() == constant.Int {
					values[m[1]] = v.Value.ExactString() + unit
				}
			}
		}
	}
	for _, m := range namedLimit.FindAllStringSubmatch(page, -1) {
		if ranges := strings.Contains(m[2], " to "); !ranges && values[m[1]] != number(m[2]) {
			faults = append(faults, fmt.Sprintf("%s: %s is %q, the page says %s", limitsPage, m[1], values[m[1]], m[2]))
		}
	}
	return faults
}

// limitsIn evaluates the constants of a file that imports nothing.
func limitsIn(f file) map[string]string {
	set := token.NewFileSet()
	tree, err := parser.ParseFile(set, f.name, f.text, 0)
	if err != nil {
		return nil
	}
	info := &types.Info{Defs: map[*ast.Ident]types.Object{}}
	conf := types.Config{Error: func(error) {}} // the rest of the package is missing
	_, _ = conf.Check("protocol", set, []*ast.File{tree}, info)
	limits := map[string]string{}
	for name, object := range info.Defs {
		if c, ok := object.(*types.Const); ok && limitName.MatchString(name.Name) && c.Val().Kind() == constant.Int {
			limits[name.Name] = c.Val().ExactString()
		}
	}
	return limits
}

// number reads 1,024 and 64 MiB.
func number(text string) string {
	digits, unit, _ := strings.Cut(strings.ReplaceAll(strings.TrimSpace(text), ",", ""), " ")
	n, err := strconv.ParseInt(digits, 10, 64)
	shift := slices.Index([]string{"", "KiB", "MiB", "GiB"}, unit)
	if err != nil || shift < 0 {
		return text
	}
	return strconv.FormatInt(n<<(10*shift), 10)
}

// docsNameTests finds names of tests in the documentation that no test has.
func docsNameTests(files []file) (faults []string) {
	tests := map[string]bool{}
	for _, f := range files {
		if f.is("_test.go", "scripts/fuzz.sh") {
			for _, m := range regexp.MustCompile(`\b(Test|Fuzz)[A-Z]\w*`).FindAllString(f.text, -1) {
				tests[m] = true
			}
		}
	}
	for _, f := range files {
		if !f.is(".md") {
			continue
		}
		for _, m := range testNamed.FindAllStringSubmatch(f.text, -1) {
			if !tests[m[1]] {
				faults = append(faults, fmt.Sprintf("%s names %s: there is no such test", f.name, m[1]))
			}
		}
	}
	return faults
}

func TestLimitsAreStated(t *testing.T) {
	holds(t, limitsAreStated)
	if n := len(limitsIn(file{limitsFile, "package protocol\nconst (\nMaxA = 1 << 10\nStreamWindow = 2 * MaxA\nOther = 3\n)"})); n != 2 {
		t.Errorf("%d limits found", n)
	}
	wire := file{limitsFile, "package protocol\n\nconst (\n\tMaxA = 64 << 20\n\tMaxB = MaxA / 65536\n)\n"}
	passes(t, limitsAreStated, wire, file{limitsPage, "| `MaxA` | 64 MiB | x |\n| `MaxB` | 1,024 | y |\n"})
	finds(t, limitsAreStated, "MaxB is 1024", wire, file{limitsPage, "| `MaxA` | 64 MiB | x |\n| `MaxB` | 1,025 | y |\n"})
	finds(t, limitsAreStated, "MaxB is 1024", wire, file{limitsPage, "| `MaxA` | 64 MiB | x |\n"})
	finds(t, limitsAreStated, "has MaxC", wire, file{limitsPage, "| `MaxA` | 64 MiB | x |\n| `MaxB` | 1,024 | y |\n| `MaxC` | 1 | y |\n"})
}

func TestNamedLimitsAreStated(t *testing.T) {
	holds(t, namedLimitsAreStated)
	code := file{"main/window/x.go", "package window\n\nconst (\n\tfrom = 4 << 20\n\tlong = 5 * time.Second // why\n)\n"}
	passes(t, namedLimitsAreStated, code, file{limitsPage, "| bytes (`from`) | 4 MiB | x |\n| time (`window.long`) | 5 s | y |\n"})
	finds(t, namedLimitsAreStated, "from is", code, file{limitsPage, "| bytes (`from`) | 16 MiB | x |\n"})
	finds(t, namedLimitsAreStated, "long is", code, file{limitsPage, "| time (`long`) | 6 s | x |\n"})
	finds(t, namedLimitsAreStated, "gone is", code, file{limitsPage, "| time (`gone`) | 6 s | x |\n"})
}

func TestDocsNameTests(t *testing.T) {
	holds(t, docsNameTests)
	test := file{"a/x_test.go", "package a\nfunc TestThere(t *testing.T) {}"}
	passes(t, docsNameTests, test, file{"docs/x.md", "see `TestThere` and `TestSoak*`"})
	finds(t, docsNameTests, "TestGone", file{"docs/x.md", "see `TestGone`"}, test)
}
