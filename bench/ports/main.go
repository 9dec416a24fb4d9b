// Command ports measures utility processes and their ports against what they are made of: fork and exec of an empty Go program, two
// processes that pass datagrams to and fro, copies of memory. It has the size of an app, since a utility process is the app's own executable.
// It prints one line of JSON for each figure.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"

	_ "github.com/oriel-go/oriel/main/app" // what an app brings along
	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/protocol"
	"github.com/oriel-go/oriel/utility"
)

func init() {
	utility.Register("bench", func(ctx context.Context, p *utility.Port) error {
		left := 0
		utility.OnMessage(p, func(_ context.Context, data []byte) {
			switch {
			case left > 0:
				if left--; left == 0 {
					_ = p.Post([]byte("all"))
				}
			case len(data) == 4:
				left = int(data[0])<<16 | int(data[1])<<8 | int(data[2])
			default:
				_ = p.Post(data[:min(len(data), 16)])
			}
		})
		ipc.On(p.IPC(), "lent", func(_ context.Context, data utility.Lent) { _ = p.Post(data[:16]) })
		return p.Serve(ctx)
	})
}

// A figure is one measurement beside its reference, in turns within one run.
type figure struct {
	Name     string
	Unit     string
	Rate     bool
	Value    []float64
	Baseline []float64
}

func main() {
	if len(os.Args) == 2 && os.Args[1] == "bare" {
		bareEcho()
		return
	}
	utility.Main()
	if err := measure(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "ports:", err)
		os.Exit(1)
	}
}

const rounds = 7

func measure(empty string) error {
	spawn, err := measureSpawn(empty)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	p, err := utility.Fork(ctx, "bench", utility.Options{})
	if err != nil {
		return err
	}
	answers := make(chan struct{}, 1)
	again := 0
	ping := make([]byte, 16)
	utility.OnMessage(p.Port(), func(context.Context, []byte) {
		if again > 0 {
			again--
			_ = p.Post(ping)
			return
		}
		answers <- struct{}{}
	})
	p.Port().Start()
	b, err := newBare()
	if err != nil {
		return err
	}
	defer b.close()
	small := figure{Name: "port-16B", Unit: "µs"}
	large := figure{Name: "port-1MiB", Unit: "µs"}
	lent := figure{Name: "port-1MiB-lent", Unit: "µs"}
	push := figure{Name: "port-push", Unit: "/s", Rate: true}
	for i := range rounds + 1 {
		const n, m, k = 5000, 50, 300_000
		again = n - 1
		t := perItem(n, func() { _ = p.Post(ping); <-answers })
		bare := perItem(n, func() { b.pingPong(n) })
		again = 0
		l := perItem(m, func() { sendLarge(p, "message", answers, m) })
		given := perItem(m, func() { sendLarge(p, "lent", answers, m) })
		copies := copyTwice()
		r := float64(k) / seconds(func() { pushAll(p, answers, k) })
		br := float64(k) / seconds(func() { b.push(k) })
		if i == 0 {
			continue // to warm up
		}
		small.Value, small.Baseline = append(small.Value, t), append(small.Baseline, bare)
		lent.Value, lent.Baseline = append(lent.Value, given), append(lent.Baseline, copies+bare)
		large.Value, large.Baseline = append(large.Value, l), append(large.Baseline, copies+bare)
		push.Value, push.Baseline = append(push.Value, r), append(push.Baseline, br)
	}
	for _, f := range []figure{spawn, small, large, lent, push} {
		if err := json.NewEncoder(os.Stdout).Encode(f); err != nil {
			return err
		}
	}
	return nil
}

func seconds(f func()) float64 {
	begun := time.Now()
	f()
	return time.Since(begun).Seconds()
}

// perItem returns microseconds.
func perItem(n int, f func()) float64 { return seconds(f) * 1e6 / float64(n) }

// measureSpawn takes the time from Fork until the port is up, and that of an empty program from fork to its end.
func measureSpawn(empty string) (figure, error) {
	f := figure{Name: "utility-spawn", Unit: "ms"}
	for i := range 3*rounds + 1 {
		ctx, cancel := context.WithCancel(context.Background())
		begun := time.Now()
		p, err := utility.Fork(ctx, "bench", utility.Options{})
		if err == nil {
			err = p.Ready(ctx)
		}
		took := time.Since(begun)
		cancel()
		if err != nil {
			return f, err
		}
		p.Wait()
		begun = time.Now()
		if err := exec.Command(empty).Run(); err != nil {
			return f, err
		}
		if i > 0 { // the first one starts the keeper
			f.Value = append(f.Value, took.Seconds()*1e3)
			f.Baseline = append(f.Baseline, time.Since(begun).Seconds()*1e3)
		}
	}
	return f, nil
}

func sendLarge(p *utility.Process, channel string, answers <-chan struct{}, n int) {
	data := make([]byte, 1<<20)
	for range n {
		_ = p.Port().Send(channel, data)
		<-answers
	}
}

// copyTwice returns microseconds for two copies of a megabyte.
func copyTwice() float64 {
	a, b := make([]byte, 1<<20), make([]byte, 1<<20)
	copy(a, b)
	return perItem(200, func() {
		for range 200 {
			copy(a, b)
			copy(b, a)
		}
	})
}

func pushAll(p *utility.Process, answers <-chan struct{}, n int) {
	_ = p.Post([]byte{byte(n >> 16), byte(n >> 8), byte(n), 0})
	data := make([]byte, 16)
	for range n {
		for errors.Is(p.Post(data), protocol.ErrLimit) {
			_ = p.Port().Flush(context.Background())
		}
	}
	<-answers
}
