package app_test

import (
	"testing"
	"time"

	"github.com/oriel-go/oriel/internal/apptest"
	"github.com/oriel-go/oriel/main/app"
)

// A Go program has threads when Chromium looks for namespaces and forks its zygotes. Should one of them ever stand in the way, it will be
// in one start of many. make soak makes more of them.
func TestSoakStart(t *testing.T) {
	rounds, soak := 30, apptest.Soak(t)
	if soak > 0 {
		rounds = 200
	}
	begun := time.Now()
	var longest time.Duration
	n := 0
	for ; n < rounds || time.Since(begun) < soak; n++ {
		start := time.Now()
		apptest.InApp(t, site(), func(t *testing.T, a *app.App) {
			w := open(t, a, "index.html")
			if got := eval[int](t, w, "6 * 7"); got != 42 {
				t.Errorf("the page counts %d", got)
			}
		})
		if apptest.Dir() != "" {
			return
		}
		longest = max(longest, time.Since(start))
	}
	t.Logf("%d starts, %v each, the longest %v", n, time.Since(begun)/time.Duration(n), longest)
}
