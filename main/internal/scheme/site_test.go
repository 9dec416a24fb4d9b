package scheme

import (
	"net/http"
	"reflect"
	"testing"
)

func TestOriginOf(t *testing.T) {
	for url, want := range map[string]string{
		"app://notes/":                 "app://notes",
		"app://notes":                  "app://notes",
		"app://notes/%zz?q#f":          "app://notes",
		"https://a.localhost?q=://b/":  "https://a.localhost",
		"https://a.localhost#@b/":      "https://a.localhost",
		"https://u:p@a.localhost:81/@": "https://a.localhost:81",
		`https://a.localhost\@b/`:      "https://a.localhost",
		"about:blank":                  "",
		"data:text/html,a://b":         "data:text/html,a://b",
		"file:///etc/passwd":           "",
		"":                             "",
	} {
		if got := originOf(url); got != want {
			t.Errorf("%q: %q", url, got)
		}
	}
}

func TestCleanHeader(t *testing.T) {
	got := cleanHeader(http.Header{"A": {"1", " 2\r\nB: 3 "}, "B C": {"4"}, "": {"5"}, "Ü": {"6"}, "D:": {"7"}})
	if want := (http.Header{"A": {"1", "2  B: 3"}}); !reflect.DeepEqual(got, want) {
		t.Errorf("%v", got)
	}
}
