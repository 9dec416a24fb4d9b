package script_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/oriel-go/oriel/protocol"
	"github.com/oriel-go/oriel/router"
	"github.com/oriel-go/oriel/utility"
	"github.com/oriel-go/oriel/utility/script"
)

const porter = `
const parent = process.parentPort
const refused = (f) => { try { f(); return 'no error' } catch (e) { return e.name + ': ' + e.message } }
parent.on('message', ({ data, ports }) => {
  const [port] = ports
  switch (data.how ?? data) {
    case 'echo':
      port.on('message', (e) => port.postMessage({ got: e.data, ports: e.ports.length }, e.ports))
      port.on('close', () => parent.postMessage('closed'))
      port.start()
      break
    case 'inside': // the port is in the value
      data.port.once('message', (e) => { data.port.postMessage(e.data + (data.port === port) + ports.length); data.port.close() })
      data.port.start()
      break
    case 'make': {
      const { port1, port2 } = new MessageChannel()
      port1.onmessage = (e) => port1.postMessage(e.data + 1)
      port1.postMessage('first')
      parent.postMessage('made', [port2])
      parent.postMessage(refused(() => port2.postMessage(1)))
      break
    }
    case 'local': {
      const { port1, port2 } = new MessageChannel()
      port2.onmessage = (e) => { parent.postMessage(e.data); port2.close() }
      port1.on('close', () => parent.postMessage('closed here'))
      port1.start()
      for (let i = 0; i < 3; i++) port1.postMessage(i)
      break
    }
    case 'refuse': {
      const a = new MessageChannel(), b = new MessageChannel()
      parent.postMessage([
        refused(() => a.port1.postMessage(1, [a.port1])), refused(() => a.port1.postMessage(1, [b.port1, b.port1])),
        refused(() => a.port1.postMessage(1, [{}])), refused(() => a.port1.postMessage({ p: b.port1 })), refused(() => a.port1.postMessage(1, [b.port1])),
        refused(() => a.port1.postMessage(1, [b.port1])),
      ])
    }
  }
})`

func says(t *testing.T, said <-chan any, want ...string) {
	t.Helper()
	for _, w := range want {
		if got := fmt.Sprint(next(t, said)); got != w {
			t.Errorf("said %s, not %s", got, w)
		}
	}
}

// listen collects what comes to a port, with the number of ports that come along.
func listen(p *router.Port) <-chan any {
	said := make(chan any, 100)
	router.OnMessageFunc(p, func(v any, ports ...*router.Port) { said <- fmt.Sprintf("%v %d", v, len(ports)) })
	p.OnClose(func() { said <- "end" })
	p.Start()
	return said
}

// Scripts have message ports, with Electron's rules.
func TestPorts(t *testing.T) {
	p, err := script.Fork(t.Context(), script.Source{Name: "utility.js", Text: porter}, utility.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.Kill()
		p.Wait()
	})
	said, made := make(chan any, 100), make(chan *router.Port, 1)
	router.OnFunc(p.Port().IPC(), "message", func(v any, ports ...*router.Port) {
		said <- v
		for _, port := range ports {
			made <- port
		}
	})
	p.Port().Start()
	post := func(args ...any) {
		t.Helper()
		if err := p.Post(args...); err != nil {
			t.Fatal(err)
		}
	}

	here, there := router.NewMessageChannel()
	_, extra := router.NewMessageChannel()
	if err := here.Post("early"); err != nil {
		t.Fatal(err)
	}
	post("echo", there)
	heard := listen(here)
	if err := here.Post("late", extra); err != nil {
		t.Fatal(err)
	}
	says(t, heard, "map[got:early ports:0] 0", "map[got:late ports:1] 1")
	here.Close()
	says(t, said, "closed")

	for _, beside := range []bool{false, true} {
		here, there = router.NewMessageChannel()
		args := []any{map[string]any{"how": "inside", "port": there}}
		if beside { // too, as what a page transfers may be
			args = append(args, there)
		}
		post(args...)
		heard = listen(here)
		if err := here.Post("x"); err != nil {
			t.Fatal(err)
		}
		says(t, heard, "xtrue1 0", "end")
	}

	post("make")
	says(t, said, "made")
	says(t, said, "Error: ipc: post: ipc: the message port has been transferred")
	from := <-made
	heard = listen(from)
	if err := from.Post(1); err != nil {
		t.Fatal(err)
	}
	says(t, heard, "first 0", "2 0")

	post("local")
	says(t, said, "0", "closed here")
	post("refuse")
	got, _ := next(t, said).([]any)
	for i, want := range []string{"DataCloneError: Port at index 0 contains the source port", "DataCloneError: Port at index 1 is a duplicate of an earlier port",
		"TypeError: Port at index 0 is not a valid port", "DataCloneError: An object could not be cloned.", "no error",
		"DataCloneError: Port at index 0 is already neutered"} {
		if len(got) <= i || !strings.HasPrefix(fmt.Sprint(got[i]), want) {
			t.Errorf("refusal %d of %q is not %q", i, got, want)
		}
	}
}

// A process lives as long as one of its ports may bring something.
func TestPortKeepsAlive(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	p, err := script.Fork(ctx, script.Source{Name: "utility.js", Text: `process.parentPort.once('message', ({ ports: [port] }) => {
		port.on('message', (e) => port.postMessage(e.data)); port.start() })`}, utility.Options{})
	if err != nil {
		t.Fatal(err)
	}
	here, there := router.NewMessageChannel()
	heard := listen(here)
	if err := p.Post("take it", there); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		if err := here.Post(i); err != nil {
			t.Fatal(err)
		}
		says(t, heard, fmt.Sprintf("%d 0", i))
	}
	here.Close()
	if e := wait(t, p); e.Reason != utility.CleanExit || e.Asked {
		t.Errorf("%+v", e)
	}
}

// As many bytes as may wait at a script's port are taken; what comes then throws, and nothing is lost.
func TestPortLimit(t *testing.T) {
	const head = protocol.PostOverhead + 5 // the value's head
	text := fmt.Sprintf(`
		const parent = process.parentPort, mebi = 1 << 20, n = %d / mebi
		const refused = (f) => { try { f(); return 'no error' } catch (e) { return e.name + ': ' + e.message } }
		parent.on('message', ({ data: less }) => {
			const { port1, port2 } = new MessageChannel(), moved = new MessageChannel()
			for (let i = 0; i < n; i++) port1.postMessage(new Uint8Array(mebi - %d - (i === 0 ? less : 0)).fill(i))
			parent.postMessage(refused(() => port1.postMessage('one more', [moved.port1])))
			if (less > 0) parent.postMessage(refused(() => port1.postMessage('and one more')))
			parent.postMessage(refused(() => moved.port1.postMessage('still here')))
			const heard = []
			port2.onmessage = ({ data }) => {
				heard.push(typeof data === 'string' ? data : data[0])
				if (heard.length === n + less) { // there is room again
					port1.postMessage('again')
				} else if (data === 'again') {
					port2.close()
					parent.postMessage(heard.every((v, i) => i >= n || v === i) + ' ' + heard.slice(n).join())
				}
			}
		})`, protocol.MaxPortBytes, head)
	p, said := run(t, text, utility.Options{})
	const full = "Error: ipc: post: limit exceeded: %d bytes wait at a message port"
	for _, c := range []struct {
		less int
		want []string
	}{
		{0, []string{fmt.Sprintf(full, protocol.MaxPortBytes), "no error", "true again"}},
		{1, []string{"no error", fmt.Sprintf(full, protocol.MaxPortBytes-1+protocol.PostOverhead+15), "Error: ipc: post: ipc: the message port has been transferred", "true one more,again"}},
	} {
		if err := p.Post(c.less); err != nil {
			t.Fatal(err)
		}
		says(t, said, c.want...)
	}
}

// What waits at a port is heard by the onmessage that starts it.
func TestOnMessageStarts(t *testing.T) {
	const n = 3000
	_, said := run(t, fmt.Sprintf(`
		let heard = 0
		for (let i = 0; i < %d; i++) {
			const { port1, port2 } = new MessageChannel()
			port1.postMessage(i)
			port2.onmessage = () => { port2.close(); if (++heard === %[1]d) process.parentPort.postMessage(heard) }
		}`, n), utility.Options{})
	says(t, said, fmt.Sprint(n))
}

// A script is told when the app does not read what it posts, after as many bytes as may wait for that.
func TestParentPortLimit(t *testing.T) {
	p, err := script.Fork(t.Context(), script.Source{Name: "utility.js", Text: `
		let n = 0, error
		try { for (const mebi = new Uint8Array(1 << 20); n < 1000; n++) process.parentPort.postMessage(n === 0 ? 'first' : mebi) } catch (e) { error = e.name + ': ' + e.message }
		console.log(JSON.stringify({ n, error }))
		process.parentPort.once('message', () => process.parentPort.postMessage('alive'))`}, utility.Options{Stdio: utility.Stdio{Stdout: utility.Pipe}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Kill(); p.Wait() })
	line, err := bufio.NewReader(p.Stdout()).ReadBytes('\n')
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		N     int
		Error string
	}
	const most = protocol.MaxQueuedBytes >> 20
	if err := json.Unmarshal(line, &got); err != nil || got.N < most || got.N > most+16 || // some are in the system and in the region
		got.Error != fmt.Sprintf("Error: ipc: send on \"message\": limit exceeded: more than %d bytes wait for the far end", protocol.MaxQueuedBytes) {
		t.Errorf("%s, %v", line, err)
	}
	heard := make(chan any, 1000)
	utility.OnMessage(p.Port(), func(_ context.Context, v any) { heard <- v })
	p.Port().Start()
	says(t, heard, "first")
	for range got.N - 1 {
		if v, _ := next(t, heard).([]byte); len(v) != 1<<20 {
			t.Fatalf("%d bytes came", len(v))
		}
	}
	if err := p.Post(0); err != nil {
		t.Fatal(err)
	}
	says(t, heard, "alive")
}
