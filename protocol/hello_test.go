package protocol_test

import (
	"testing"

	"github.com/oriel-go/oriel/protocol"
)

func TestIsHello(t *testing.T) {
	head := protocol.AppendHeader(nil, 7)
	hello := protocol.AppendHello(head)
	for _, c := range []struct {
		packet []byte
		want   bool
	}{
		{hello, true}, {append(hello, 0x92, 6, 1), true}, {nil, false}, {head, false}, {hello[:len(hello)-1], false},
		{protocol.AppendCancel(head, 1), false}, {append(protocol.AppendCancel(head, 1), 0x91, 1), false},
	} {
		if got := protocol.IsHello(c.packet); got != c.want {
			t.Errorf("% x: %v", c.packet, got)
		}
	}
}
