package window

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync/atomic"

	"go.uber.org/zap"

	"github.com/oriel-go/oriel/cef"
	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/protocol"
)

// A subFrame is a frame below the main one that may have a preload.
type subFrame struct {
	id     string
	peer   *ipc.Peer
	origin string    // of the document that is there
	asked  ipc.Claim // of the document whose origin Chromium has been asked for

	local      bool         // it lives in the main frame's process
	violations atomic.Int32 // while it does not
}

// Frames returns the window's documents that have a preload: the main frame's first, then, with Options.PreloadInSubFrames, those below it,
// older frames first. Each ends with its document.
func (w *Window) Frames() []*ipc.Frame {
	var peers []*ipc.Peer
	if w.do(func() {
		peers = append(peers, w.peer)
		for _, s := range w.subFrames {
			peers = append(peers, s.peer)
		}
	}) != nil {
		return nil
	}
	var frames []*ipc.Frame
	for _, p := range peers {
		if f := p.Frame(); f != nil {
			frames = append(frames, f)
		}
	}
	return frames
}

// frameHandler hears of frames that come and go. A main frame that is detached tells no cause: it is replaced, or its process or the window
// goes, which is told next.
func (w *Window) frameHandler() *cef.FrameHandler {
	h := &cef.FrameHandler{OnMainFrameChanged: w.mainFrameChanged}
	if w.o.PreloadInSubFrames {
		h.OnFrameCreated = func(_ *cef.Browser, f *cef.Frame) { w.frameCreated(f) }
		h.OnFrameDetached = func(_ *cef.Browser, f *cef.Frame) { w.frameDetached(f) }
		h.OnFrameDestroyed = func(_ *cef.Browser, f *cef.Frame) { w.frameDestroyed(f) }
	}
	return h
}

func (w *Window) frameCreated(f *cef.Frame) {
	if f.IsMain() || w.subFrame(f) != nil {
		return
	}
	s := &subFrame{id: f.GetIdentifier(), origin: "null"}
	s.local = processOf(s.id) == w.mainProcess()
	o := w.peerOptions(func(err error) { w.violatedIn(s, err) })
	o.Verified = true
	s.peer = ipc.NewPeer(o)
	w.subFrames = append(w.subFrames, s)
}

// frameDetached hears that a frame has left the page, or its process has gone.
func (w *Window) frameDetached(f *cef.Frame) {
	w.drain()
	if s := w.subFrame(f); s != nil {
		s.peer.Gone(s.id, ipc.ErrNavigated)
	}
}

func (w *Window) frameDestroyed(f *cef.Frame) {
	w.drain()
	if s := w.subFrame(f); s != nil {
		s.peer.Close(ipc.ErrNavigated)
		w.subFrames = slices.DeleteFunc(w.subFrames, func(other *subFrame) bool { return other == s })
	}
}

func (w *Window) closeSubFrames(cause error) {
	for _, s := range w.subFrames {
		s.peer.Close(cause)
	}
	w.subFrames = nil
}

func (w *Window) subFrame(f *cef.Frame) *subFrame {
	if len(w.subFrames) == 0 {
		return nil
	}
	id := f.GetIdentifier()
	for _, s := range w.subFrames {
		if s.id == id {
			return s
		}
	}
	return nil
}

// receiveSub takes a packet from a frame below the main one.
func (w *Window) receiveSub(s *subFrame, frame *cef.Frame, packet []byte) {
	violated := func(err error) { w.violatedIn(s, err) }
	if packet == nil {
		violated(errors.New("a message without a packet"))
		return
	}
	conn := ipc.Conn{Sender: w.subSender(s, frame.GetURL()), Connect: func(document uint32) ipc.Link { return w.connect(frame, document, w.subListener(s, violated)) }}
	w.dropped(s.peer.Receive(conn, packet), violated)
	w.verify(s, frame)
}

// subListener is who hears the documents of a frame below the main one. Their origin is what they were verified by.
func (w *Window) subListener(s *subFrame, violated func(error)) listener {
	return listener{
		peer: s.peer,
		sender: func(url string) ipc.Sender {
			return ipc.Sender{WindowID: w.id, FrameID: s.id, URL: url, Origin: originOf(url)}
		},
		dropped: func(err error) { w.dropped(err, violated) },
		damaged: func(err error) { w.damaged(err, violated) },
	}
}

// violatedIn notes a violation of the protocol by a frame's process. If that is not the main frame's, which would be killed, the frame has no
// IPC any more until it has another document in another process. Any goroutine.
func (w *Window) violatedIn(s *subFrame, err error) {
	if s.local {
		w.violated(err)
		return
	}
	n := s.violations.Add(1)
	w.guard.noise.Warn("a frame's process violates the protocol", zap.Error(err), zap.Int32("times", n))
	if n == protocol.MaxViolations {
		w.log.Error("a frame has no IPC any more: its process violates the protocol", zap.String("frame", s.id))
		s.peer.Close(ipc.ErrRendererGone)
	}
}

func (w *Window) subSender(s *subFrame, url string) ipc.Sender {
	return ipc.Sender{WindowID: w.id, FrameID: s.id, URL: url, Origin: s.origin}
}

// verify lets the document that has said hello in a frame begin, when Chromium has the same one there, with the origin that Chromium has it
// by. A frame's address alone does not tell that: a sandboxed one has an opaque origin.
func (w *Window) verify(s *subFrame, frame *cef.Frame) {
	claim, waits := s.peer.Early()
	if !waits || s.asked == claim || frame.GetURL() != claim.URL {
		return
	}
	s.asked = claim
	origin := originOf(claim.URL)
	if claim.Origin == "null" {
		origin = "null"
	}
	if processOf(s.id) == w.mainProcess() {
		// Of the frames in the main frame's process that process tells: no boundary lies between them.
		w.begin(s, claim.URL, origin)
		return
	}
	t := w.targets[claim.Target]
	if t == nil || t.process != "" && t.process != processOf(s.id) {
		w.violatedIn(s, errors.New("a document of another process than it says"))
		s.peer.End(ipc.ErrNavigated)
		return
	}
	t.process = processOf(s.id)
	w.session.Start("Storage.getStorageKeyForFrame", map[string]any{"frameId": t.frameID}, func(_ json.RawMessage, err error) {
		if err != nil { // it has none, since its origin is opaque; nor has what is below it in its process
			origin = "null"
		}
		if now, waits := s.peer.Early(); waits && now == claim {
			w.begin(s, claim.URL, origin)
		}
	})
}

func (w *Window) begin(s *subFrame, url, origin string) {
	s.origin = origin
	w.dropped(s.peer.Open(w.subSender(s, url)), func(err error) { w.violatedIn(s, err) })
}

// processOf is the part of Chromium's name of a frame that names its process.
func processOf(frameID string) string {
	process, _, _ := strings.Cut(frameID, "-")
	return process
}

func (w *Window) mainProcess() string {
	frame := w.browser.GetMainFrame()
	defer frame.Release()
	return processOf(frame.GetIdentifier())
}

// subFrameNews hears that a document in a frame begins or has loaded. One of the two comes for each.
func (w *Window) subFrameNews(f *cef.Frame) {
	if s := w.subFrame(f); s != nil {
		s.peer.Navigated()
		w.verify(s, f)
	}
}
