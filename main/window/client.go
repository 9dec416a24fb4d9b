package window

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/oriel-go/oriel/cef"
	"github.com/oriel-go/oriel/main/internal/devtools"
	"github.com/oriel-go/oriel/main/internal/engine"
	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/protocol"
	"github.com/oriel-go/oriel/renderer"
)

// client is what Chromium asks and tells about this window's browser. Every function in it runs on the UI thread.
func (w *Window) client() *cef.Client {
	return &cef.Client{
		LifeSpanHandler: &cef.LifeSpanHandler{
			OnAfterCreated: w.created,
			OnBeforeClose:  func(*cef.Browser) { w.ended(); w.host.BrowserClosed() },
			OnBeforePopup: func(_ *cef.Browser, opener *cef.Frame, _ int, url, _ string, _ cef.WindowOpenDisposition, _ bool, _ *cef.PopupFeatures,
				_ *cef.WindowInfo, _ **cef.Client, _ *cef.BrowserSettings, _ **cef.DictionaryValue, _ *bool) bool {
				w.windowOpen(opener, url)
				return true
			},
		},
		LoadHandler: &cef.LoadHandler{
			OnLoadingStateChange: func(_ *cef.Browser, loading, _, _ bool) { w.loadingChanged(loading) },
			OnLoadStart:          func(_ *cef.Browser, f *cef.Frame, t cef.TransitionType) { w.loadStarted(f, t); w.committed(f) },
			OnLoadEnd:            func(_ *cef.Browser, f *cef.Frame, status int) { w.subFrameNews(f); w.loadEnded(f, status) },
			OnLoadError: func(_ *cef.Browser, f *cef.Frame, code cef.ErrorCode, text, url string) {
				w.loadFailed(f, code, text, url)
			},
		},
		RequestHandler: &cef.RequestHandler{
			GetResourceRequestHandler: w.host.Guard,
			OnBeforeBrowse:            func(_ *cef.Browser, f *cef.Frame, r *cef.Request, _, _ bool) bool { return !w.mayNavigate(f, r) },
			OnRenderProcessTerminated: func(_ *cef.Browser, status cef.TerminationStatus, code int, text string) {
				w.rendererGone(status, code, text)
			},
			OnOpenURLFromTab: func(_ *cef.Browser, opener *cef.Frame, url string, _ cef.WindowOpenDisposition, _ bool) bool {
				w.windowOpen(opener, url)
				return true
			},
		},
		FrameHandler: w.frameHandler(),
		DisplayHandler: &cef.DisplayHandler{
			OnTitleChange:          func(_ *cef.Browser, title string) { w.titleChanged(title) },
			OnConsoleMessage:       w.consoleMessage,
			OnFullscreenModeChange: func(_ *cef.Browser, on bool) { w.win.SetFullscreen(on) },
		},
		DragHandler: &cef.DragHandler{
			OnDraggableRegionsChanged: func(_ *cef.Browser, _ *cef.Frame, regions []cef.DraggableRegion) { w.win.SetDraggableRegions(regions) },
		},
		JSDialogHandler: &cef.JSDialogHandler{
			// A page that does not want to go stays, without a question to the user, as in Electron.
			OnBeforeUnloadDialog: func(_ *cef.Browser, _ string, _ bool, callback *cef.JSDialogCallback) bool {
				if w.forced { // it is not asked
					callback.Cont(true, "")
					return true
				}
				w.host.Refused()
				w.asked = nil
				callback.Cont(false, "")
				offer(w, "unload prevented", &w.events.unloadPrevented, struct{}{})
				return true
			},
		},
		PermissionHandler:        denyPermissions(),
		ContextMenuHandler:       w.contextMenu(),
		OnProcessMessageReceived: w.receive,
	}
}

// denyPermissions answers every question of a page for a permission with no.
func denyPermissions() *cef.PermissionHandler {
	return &cef.PermissionHandler{
		OnRequestMediaAccessPermission: func(_ *cef.Browser, _ *cef.Frame, _ string, _ uint32, callback *cef.MediaAccessCallback) bool {
			callback.Cancel()
			return true
		},
		OnShowPermissionPrompt: func(_ *cef.Browser, _ uint64, _ string, _ uint32, callback *cef.PermissionPromptCallback) bool {
			callback.Cont(cef.PermissionRequestResultDeny)
			return true
		},
	}
}

// contextMenu leaves the menu where there is text to edit; the rest of Chromium's menu is for a browser.
func (w *Window) contextMenu() *cef.ContextMenuHandler {
	return &cef.ContextMenuHandler{
		OnBeforeContextMenu: func(_ *cef.Browser, _ *cef.Frame, params *cef.ContextMenuParams, model *cef.MenuModel) {
			if !params.IsEditable() {
				model.Clear()
			}
		},
	}
}

func (w *Window) created(browser *cef.Browser) {
	w.host.BrowserOpened()
	w.browser = browser.Retain()
	w.session = devtools.Attach(w.browser)
	if w.o.PreloadInSubFrames {
		w.attachTargets()
	}
	w.register()
	w.showInTime()
}

// receive takes a packet from a renderer. Who has no preload has nothing to say.
func (w *Window) receive(_ *cef.Browser, frame *cef.Frame, source cef.ProcessID, message *cef.ProcessMessage) bool {
	if source != cef.ProcessIDRenderer {
		return false
	}
	engine.Observe()
	name := message.GetName()
	if name != renderer.Message && name != renderer.RingMessage {
		return false
	}
	sub := w.subFrame(frame)
	if sub == nil && !frame.IsMain() {
		w.stranger(frame)
		return true
	}
	if name == renderer.RingMessage {
		w.ringTaken(sub, frame, message)
		return true
	}
	packet := message.Bytes(protocol.MaxPacket)
	if protocol.IsHello(packet) {
		w.drain() // a document of the same address begins by it: Chromium's news need not come first
	}
	if sub != nil {
		w.receiveSub(sub, frame, packet)
		return true
	}
	if packet == nil {
		w.violated(errors.New("a message without a packet"))
		return true
	}
	conn := ipc.Conn{Sender: w.sender(frame), Connect: func(document uint32) ipc.Link { return w.connect(frame, document, w.listener(frame)) }}
	w.dropped(w.peer.Receive(conn, packet), w.violated)
	return true
}

// listener is who hears the documents of the main frame.
func (w *Window) listener(frame *cef.Frame) listener {
	id := frame.GetIdentifier()
	return listener{
		peer: w.peer,
		sender: func(url string) ipc.Sender {
			return ipc.Sender{WindowID: w.id, FrameID: id, MainFrame: true, URL: url, Origin: originOf(url)}
		},
		dropped: func(err error) { w.dropped(err, w.violated) },
		damaged: func(err error) { w.damaged(err, w.violated) },
	}
}

// connect opens the way to a document. UI thread.
func (w *Window) connect(frame *cef.Frame, document uint32, to listener) ipc.Link {
	l := newFrameLink(frame, document, to)
	w.links = append(slices.DeleteFunc(w.links, (*frameLink).gone), l)
	if len(w.links) <= maxRings {
		l.offerRing()
	}
	return l
}

// stranger notes a packet from a frame that has no preload, or has just gone. What another process does is not the page's fault.
func (w *Window) stranger(frame *cef.Frame) {
	switch {
	case w.o.PreloadInSubFrames:
	case processOf(frame.GetIdentifier()) == w.mainProcess():
		w.violated(errors.New("a packet from a frame without a preload"))
	default:
		w.guard.noise.Warn("packet dropped: it comes from a frame without a preload")
	}
}

// ringTaken hears that a document has its ring. The number of one that has gone meanwhile is nothing wrong.
func (w *Window) ringTaken(sub *subFrame, frame *cef.Frame, message *cef.ProcessMessage) {
	document, ok := ringNumber(message)
	if !ok {
		err := errors.New("a message about a ring without a document's number")
		if sub != nil {
			w.violatedIn(sub, err)
		} else {
			w.violated(err)
		}
		return
	}
	id := frame.GetIdentifier()
	for _, l := range w.links {
		if l.frameID != id || l.document != document {
			continue
		}
		if !l.ringTaken() {
			l.to.dropped(fmt.Errorf("%w: document %d says that it has its ring", ipc.ErrUnexpected, document))
		}
		return
	}
	w.guard.noise.Debug("a ring of a document that has gone")
}

// ringNumber is the document's number in a message about its ring, if that is what the message carries.
func ringNumber(message *cef.ProcessMessage) (document uint32, ok bool) {
	list := message.GetArgumentList()
	if list == nil { // it carries memory
		return 0, false
	}
	defer list.Release()
	if list.GetSize() != 1 || list.GetType(0) != cef.ValueTypeInt {
		return 0, false
	}
	return uint32(int32(list.GetInt(0))), true
}

// waitForLinks closes all links, if they are not, and returns when nobody uses any more what libcef has given for them.
func (w *Window) waitForLinks() {
	for _, l := range w.links {
		l.Close()
		if l.freed != nil {
			<-l.freed
		}
	}
	w.links = nil
}

// drain hears what documents have said before what is told next.
func (w *Window) drain() {
	for _, l := range w.links {
		l.drain()
	}
}

// sender is who is in the window's main frame.
func (w *Window) sender(frame *cef.Frame) ipc.Sender {
	url := frame.GetURL()
	return ipc.Sender{WindowID: w.id, FrameID: frame.GetIdentifier(), MainFrame: true, URL: url, Origin: originOf(url)}
}

// committed tells the peer that Chromium has a new document. It may have spoken already.
func (w *Window) committed(frame *cef.Frame) {
	if frame.IsMain() {
		w.crashed = false
		w.drain()
		w.guard.preloadErrors.Store(0)
		w.dropped(w.peer.Committed(w.sender(frame)), w.violated)
	} else {
		w.subFrameNews(frame)
	}
}

// mainFrameChanged tells which frame is now the window's main one; what the old one asked for has nobody to answer to.
func (w *Window) mainFrameChanged(_ *cef.Browser, old, current *cef.Frame) {
	if old != nil && current != nil {
		w.drain()
		w.peer.Gone(old.GetIdentifier(), ipc.ErrNavigated)
	}
}

func (w *Window) context() context.Context { return w.host.Context() }
