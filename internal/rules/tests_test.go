package rules

import (
	"fmt"
	"go/ast"
	"testing"
)

// sleepers are tests that sleep for a reason other than to hope that something has happened meanwhile.
var sleepers = map[string]string{
	"scripts/fetch/fetch_test.go": "a server that pauses in the middle of a download",
	"main/app/life_test.go":       "a function that takes its time, and a page that is to be busy for a while",
}

// testsDoNotSkipOrSleep finds skipped tests, and sleeps that are not in a loop which looks, between them, whether it may go on.
func testsDoNotSkipOrSleep(files []file) (faults []string) {
	for _, f := range files {
		if !f.test() {
			continue
		}
		set, tree := f.parse()
		if tree == nil {
			continue
		}
		for _, c := range calls(tree) {
			if c.name == "Skip" || c.name == "Skipf" || c.name == "SkipNow" {
				faults = append(faults, fmt.Sprintf("%s: a test that is skipped tests nothing", set.Position(c.at.Pos())))
			}
			if c.name == "Sleep" && !c.polls && sleepers[f.name] == "" {
				faults = append(faults, fmt.Sprintf("%s: wait for what is to happen, with a deadline; or give a reason in tests_test.go", set.Position(c.at.Pos())))
			}
		}
	}
	return faults
}

// A selected is a call of something.name; polls means within a loop that has a condition.
type selected struct {
	name  string
	at    ast.Node
	polls bool
}

func calls(tree *ast.File) (found []selected) {
	var walk func(n ast.Node, polls bool)
	walk = func(n ast.Node, polls bool) {
		ast.Inspect(n, func(m ast.Node) bool {
			switch m := m.(type) {
			case *ast.ForStmt:
				if m != n && m.Cond != nil && !polls {
					walk(m, true)
					return false
				}
			case *ast.CallExpr:
				if s, ok := m.Fun.(*ast.SelectorExpr); ok {
					found = append(found, selected{s.Sel.Name, m, polls})
				}
			}
			return true
		})
	}
	walk(tree, false)
	return found
}

func TestTestsDoNotSkipOrSleep(t *testing.T) {
	holds(t, testsDoNotSkipOrSleep)
	in := func(body string) file {
		return file{"a/x_test.go", "package a\nfunc TestX(t *testing.T) {\n" + body + "\n}"}
	}
	passes(t, testsDoNotSkipOrSleep, in("for !done() { time.Sleep(1) }\nfor end := later(); !ok(); time.Sleep(1) {}"), file{"a/x.go", "package a\nfunc f() { time.Sleep(1) }"})
	finds(t, testsDoNotSkipOrSleep, "skipped", in("t.Skip()"))
	finds(t, testsDoNotSkipOrSleep, "skipped", in("t.Run(\"y\", func(t *testing.T) { if short { t.Skipf(\"%d\", 1) } })"))
	finds(t, testsDoNotSkipOrSleep, "x_test.go:3:1: wait for", in("time.Sleep(1)"))
	finds(t, testsDoNotSkipOrSleep, "wait for", in("for { time.Sleep(1) }"))
}

func TestSleepersSleep(t *testing.T) {
	for _, f := range repository(t) {
		if sleepers[f.name] == "" {
			continue
		}
		_, tree := f.parse()
		sleeps := false
		for _, c := range calls(tree) {
			sleeps = sleeps || c.name == "Sleep" && !c.polls
		}
		if !sleeps {
			t.Errorf("%s sleeps no more: take it off the list", f.name)
		}
	}
}
