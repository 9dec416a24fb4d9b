package rules

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// quote is a block of code after a line that names where it is from: From `PATH`:
var quote = regexp.MustCompile("(?ms)^From `([^`]+)`:\n\n```\\w*\n(.*?)^```$")

// quotesAreTrue compares what the README quotes with the file it is from.
func quotesAreTrue(files []file) (faults []string) {
	texts := map[string]string{}
	for _, f := range files {
		texts[f.name] = f.text
	}
	for _, m := range quote.FindAllStringSubmatch(texts["README.md"], -1) {
		if !strings.Contains(texts[m[1]], m[2]) {
			faults = append(faults, fmt.Sprintf("README.md quotes what is not in %s", m[1]))
		}
	}
	return faults
}

func TestQuotesAreTrue(t *testing.T) {
	holds(t, quotesAreTrue)
	readme := file{"README.md", "From `a/main.go`:\n\n```go\nfunc a() {}\n```\n"}
	passes(t, quotesAreTrue, readme, file{"a/main.go", "package a\n\nfunc a() {}\n"})
	finds(t, quotesAreTrue, "not in a/main.go", readme, file{"a/main.go", "package a\n\nfunc b() {}\n"})
}
