package window

import (
	"github.com/oriel-go/oriel/cef"
	"github.com/oriel-go/oriel/renderer"
)

// Token returns what a process that has been taken over knows.
func (w *Window) Token() string { return w.token }

// MaxRings is how many documents of a window have rings.
const MaxRings = maxRings

// OfferRing sends the document in the window's main frame memory of that size for a ring, as if it had none; fill writes into it first. Of a size of
// 0, it sends the number alone, which says that nothing comes by message any more.
func (w *Window) OfferRing(size int, document uint32, fill func(memory []byte)) error {
	return w.do(func() {
		frame := w.browser.GetMainFrame()
		defer frame.Release()
		var message *cef.ProcessMessage
		if size == 0 {
			message = cef.ProcessMessageCreate(renderer.RingMessage)
			list := message.GetArgumentList()
			list.SetInt(0, int(int32(document)))
			list.Release()
		} else {
			var region *cef.SharedMemoryRegion
			message, region = cef.NewSharedMessage(ringMessageName, size)
			fill(region.Bytes())
			region.Release()
		}
		frame.SendProcessMessage(cef.ProcessIDRenderer, message)
		message.Release()
	})
}

// Document returns the number of the newest document in the window, or 0.
func (w *Window) Document() (number uint32) {
	_ = w.do(func() {
		if n := len(w.links); n > 0 {
			number = w.links[n-1].document
		}
	})
	return number
}
