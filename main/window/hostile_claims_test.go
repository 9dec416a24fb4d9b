package window_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"go.uber.org/zap"

	"github.com/oriel-go/oriel/internal/apptest"
	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/main/window"
	"github.com/oriel-go/oriel/protocol"
)

// answering is a page's preload that answers main when it is told to.
const answering = preload + `
let answer;
ipcRenderer.handle('question', () => new Promise((resolve) => { answer = resolve; ipcRenderer.send('asked'); }));
contextBridge.exposeInMainWorld('answer', (value) => answer(value));`

// A process that has been taken over is who Chromium says, whatever it says itself, and answers for nobody else.
func TestHostileClaims(t *testing.T) {
	o := site(nil)
	o.Log = zap.NewNop()
	apptest.InApp(t, o, func(t *testing.T, a *app.App) {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, "<!doctype html><title>Foreign</title>")
		}))
		defer s.Close()
		ipc.Handle(a.IPC(), "secret", func(ctx context.Context, _ any) (any, error) {
			t.Errorf("a channel of the app's own pages was called by %+v", ipc.SenderFrom(ctx))
			return nil, nil
		})
		ipc.On(a.IPC(), "secret", func(ctx context.Context, _ ipc.Args) { t.Errorf("it was heard of %+v", ipc.SenderFrom(ctx)) })
		senders, asked := make(chan ipc.Sender, 10), make(chan struct{}, 1)
		ipc.On(a.IPC(), "open", func(ctx context.Context, _ any) { senders <- ipc.SenderFrom(ctx) })
		ipc.On(a.IPC(), "asked", func(context.Context, any) { asked <- struct{}{} })
		allow := []protocol.Rule{{Channels: []string{"open"}, Origins: []string{"*"}}, {Channels: []string{"*"}, Origins: []string{a.Origin()}}}
		other := open(t, a, window.Options{Preload: answering, Allow: allow})
		w := open(t, a, window.Options{URL: s.URL, Allow: allow})
		w.OnRendererGone(func(g window.RendererGone) { t.Errorf("gone: %+v", g) })
		answered := make(chan string, 1)
		go func() {
			got, err := ipc.Invoke[string](ctx(t), other, "question")
			answered <- fmt.Sprint(got, err)
		}()
		<-asked

		// As itself, as the app's page, and with the app's origin besides its own address.
		for i, hello := range [][]any{{s.URL + "/"}, {a.Origin() + "/"}, {s.URL + "/", a.Origin(), ""}, {a.Origin() + "/", a.Origin(), ""}} {
			h := takeOverSilently(t, w, uint32(100+i))
			h.send(1, packet(protocol.AppendSend(protocol.AppendHello(h.header()), "oriel:document", hello...)),
				packet(protocol.AppendSend(h.header(), "secret", 1)), packet(protocol.AppendInvoke(h.header(), 1, "secret")))
			for id := range uint32(20) {
				h.send(1, packet(protocol.AppendResult(h.header(), id+1, "stolen")))
			}
			h.send(1, packet(protocol.AppendSend(h.header(), "open")))
			if hello[0] != s.URL+"/" {
				continue // what it says waits for the news of that page, which it is not
			}
			select {
			case sender := <-senders:
				if sender.Origin != s.URL || sender.WindowID != w.ID() {
					t.Errorf("%v is taken for %+v", hello, sender)
				}
			case <-ctx(t).Done():
				t.Fatalf("%v is not heard", hello)
			}
		}
		if err := w.LoadURL(ctx(t), "/"); err != nil {
			t.Fatal(err)
		}
		eval[any](t, w, "api.send('open')")
		if sender := <-senders; sender.Origin != a.Origin() {
			t.Errorf("the app's own page is taken for %+v", sender)
		}
		if len(answered) > 0 {
			t.Errorf("main's question to another window is answered: %s", <-answered)
		}
		eval[any](t, other, "answer('own')")
		if got := <-answered; got != "own<nil>" {
			t.Errorf("the other window's answer is %s", got)
		}
	})
}
