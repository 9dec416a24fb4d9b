package ipc_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/protocol"
)

// TestVerified: where a document's origin has to be found out first, nothing it says is heard before that, and nothing it says of its
// origin counts.
func TestVerified(t *testing.T) {
	r := newRig(t)
	r.peer = ipc.NewPeer(ipc.PeerOptions{Router: r.window, Verified: true, Allowed: func(origin, channel string) bool {
		return protocol.Allowed(r.rules, origin, channel)
	}})
	calls := make(chan ipc.Sender, 1)
	ipc.Handle(r.app, "who", func(ctx context.Context, _ any) (any, error) {
		calls <- ipc.SenderFrom(ctx)
		return nil, nil
	})
	hello := func(d *doc, args ...any) []byte {
		return must(protocol.AppendSend(protocol.AppendHello(d.header()), "oriel:document", args...))
	}
	d := r.doc(1, "frame", home)
	d.must(hello(d, home+"/", home, "name"))
	d.invoke(1, "who")
	if claim, waits := r.peer.Early(); !waits || claim != (ipc.Claim{Document: 1, URL: home + "/", Origin: home, Target: "name"}) {
		t.Errorf("the document says %+v", claim)
	}
	if r.peer.Frame() != nil {
		t.Fatal("the document has begun")
	}
	d.silent()
	if err := r.peer.Committed(ipc.Sender{FrameID: "frame", URL: home + "/", Origin: "null"}); err != nil {
		t.Fatal(err)
	}
	if f := d.answer(1); f.Kind != protocol.KindError || !strings.Contains(f.Message, "not allowed for origin 'null'") || len(calls) > 0 {
		t.Errorf("the answer is %v %s", f.Kind, f.Message)
	}
	if _, waits := r.peer.Early(); waits {
		t.Error("the document still waits")
	}
	most, more := strings.Repeat("x", 512), strings.Repeat("x", 513)
	if err := d.give(hello(r.doc(4, "frame", home), home+"/", most, most)); err != nil {
		t.Errorf("an origin and a name of 512 bytes: %v", err)
	}
	for _, args := range [][]any{{home + "/", more, ""}, {home + "/", home, more}} {
		if err := d.give(hello(r.doc(2, "frame", home), args...)); !errors.Is(err, ipc.ErrUnexpected) {
			t.Errorf("a hello with too long an origin: %v", err)
		}
	}
	for _, args := range [][]any{{home + "/", 1, ""}, {home + "/", home, 1}} {
		if err := d.give(hello(r.doc(3, "frame", home), args...)); err == nil {
			t.Errorf("a hello of %v was taken", args)
		}
	}
}
