package rules

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

const dependencyPage = "docs/dependencies.md"

var (
	requirement = regexp.MustCompile(`(?m)^(?:require\s+|\t)(\S+\.\S+/\S+|\S+\.\S+)\s+v\d`)
	pageEntry   = regexp.MustCompile("(?m)^\\| `([^`]+)` \\|")
)

// dependenciesAreExplained compares go.mod with the page that says why each module is there.
func dependenciesAreExplained(files []file) (faults []string) {
	required, explained := map[string]bool{}, map[string]bool{}
	for _, f := range files {
		switch f.name {
		case "go.mod":
			for _, m := range requirement.FindAllStringSubmatch(f.text, -1) {
				required[m[1]] = true
			}
		case dependencyPage:
			for _, m := range pageEntry.FindAllStringSubmatch(f.text, -1) {
				explained[m[1]] = true
			}
		}
	}
	for m := range required {
		if !explained[m] {
			faults = append(faults, fmt.Sprintf("%s does not say why %s is needed", dependencyPage, m))
		}
	}
	for m := range explained {
		if !required[m] && strings.Contains(m, "/") {
			faults = append(faults, fmt.Sprintf("%s explains %s, which go.mod does not have", dependencyPage, m))
		}
	}
	return faults
}

func TestDependenciesAreExplained(t *testing.T) {
	holds(t, dependenciesAreExplained)
	mod := file{"go.mod", "module x\n\nrequire example.org/a v1.0.0\n\nrequire (\n\texample.org/b/v2 v2.0.0 // indirect\n)\n"}
	passes(t, dependenciesAreExplained, mod, file{dependencyPage, "| `example.org/a` | x |\n| `example.org/b/v2` | y |\n"})
	finds(t, dependenciesAreExplained, "why example.org/b/v2", mod, file{dependencyPage, "| `example.org/a` | x |\n"})
	finds(t, dependenciesAreExplained, "explains example.org/c", mod, file{dependencyPage, "| `example.org/a` | x |\n| `example.org/b/v2` | y |\n| `example.org/c` | z |\n"})
}
