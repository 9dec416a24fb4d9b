package ipc_test

import (
	"errors"
	"testing"

	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/protocol"
)

// A port that is sent before there is a page waits with its message, and what is posted meanwhile follows it.
func TestPortForPageToCome(t *testing.T) {
	r := newRig(t)
	a, b := ipc.NewMessageChannel()
	if err := r.peer.PostMessage("port", "value", b); err != nil {
		t.Fatal(err)
	}
	if err := b.Post(1); !errors.Is(err, ipc.ErrPortMoved) {
		t.Errorf("the port that waits: %v", err)
	}
	if err := a.Post("early"); err != nil {
		t.Fatal(err)
	}
	d := r.open(1)
	f := d.heard("port")
	if len(f.Ports) != 1 || f.Args.Len() != 2 {
		t.Fatalf("the page gets %d arguments and ports %v", f.Args.Len(), f.Ports)
	}
	var got string
	m := d.next(func(f protocol.Frame) bool { return f.Kind == protocol.KindPost })
	if err := m.Args.Decode(0, &got); err != nil || got != "early" || m.ID != f.Ports[0] {
		t.Errorf("through port %d comes %q, %v", m.ID, got, err)
	}
}

// A port whose message is refused is still here; one whose message is lost is closed.
func TestPortForNoPage(t *testing.T) {
	r := newRig(t)
	a, b := ipc.NewMessageChannel()
	if err := r.peer.Send("port", b, make([]byte, protocol.MaxQueuedBytes/2)); err == nil {
		t.Error("a message that is too large is sent")
	}
	values, closed := heard(b)
	if err := a.Post("still here"); err != nil {
		t.Fatal(err)
	}
	hears(t, values, "still here")
	b2, a2 := ipc.NewMessageChannel()
	_, closed2 := heard(a2)
	if err := r.peer.PostMessage("port", nil, b2); err != nil {
		t.Fatal(err)
	}
	r.peer.Close(ipc.ErrClosed)
	wait(t, closed2)
	if err := errors.Join(r.peer.PostMessage("port", nil, a, a), r.peer.PostMessage("port", nil, nil)); !errors.Is(err, protocol.ErrUncloneable) ||
		err.Error() != "ipc: post \"port\": value cannot be cloned: Port at index 1 is a duplicate of an earlier port\n"+
			"ipc: post \"port\": value cannot be cloned: Value at index 0 does not have a transferable type" {
		t.Errorf("a port twice, and none: %v", err)
	}
	if err := r.peer.PostMessage("port", nil, b); !errors.Is(err, ipc.ErrClosed) {
		t.Errorf("to a closed window: %v", err)
	}
	a.Close()
	wait(t, closed)
}
