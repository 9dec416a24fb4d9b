package router_test

import (
	"context"
	"runtime"
	"testing"

	"github.com/oriel-go/oriel/router"
)

// Listeners of ports that end their goroutines take neither the messages after theirs along nor the end.
func TestPortGoexit(t *testing.T) {
	a, b := router.NewMessageChannel()
	said, closed := make(chan int, 10), make(chan int, 2)
	router.OnMessage(b, func(_ context.Context, n int) { said <- n; runtime.Goexit() })
	b.OnClose(runtime.Goexit)
	b.OnClose(func() { closed <- 1; runtime.Goexit() })
	b.OnClose(func() { closed <- 2 })
	b.Start()
	for n := range 3 {
		if err := a.Post(n); err != nil {
			t.Fatal(err)
		}
	}
	for n := range 3 {
		if got := wait(t, said); got != n {
			t.Errorf("%d instead of %d", got, n)
		}
	}
	a.Close()
	wait(t, closed)
	wait(t, closed)
}
