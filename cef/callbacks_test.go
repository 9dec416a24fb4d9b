package cef_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/oriel-go/oriel/cef"
	"github.com/oriel-go/oriel/internal/apptest"
	"github.com/oriel-go/oriel/main/app"
)

// loads returns a handler that tells when a main frame has loaded.
func loads() (*cef.LoadHandler, <-chan struct{}) {
	done := make(chan struct{}, 10)
	return &cef.LoadHandler{OnLoadEnd: func(_ *cef.Browser, f *cef.Frame, _ int) {
		if f.IsMain() {
			done <- struct{}{}
		}
	}}, done
}

func TestPanicInCallback(t *testing.T) {
	core, logs := observer.New(zapcore.ErrorLevel)
	options := site(nil)
	options.Log = zap.New(core)
	apptest.InApp(t, options, func(t *testing.T, a *app.App) {
		reader := cef.StreamReaderCreateForHandler(&cef.ReadHandler{Tell: func() int64 { panic("tell me not") }})
		if got := reader.Tell(); got != 0 {
			t.Errorf("the callback that panicked answered %d", got)
		}
		reader.Release()

		load, loaded := loads()
		s := openShell(t, a.Origin()+"/", &cef.Client{LoadHandler: load}, &cef.BrowserViewDelegate{})
		await(t, "the page", loaded)
		onUI(t, func() {
			host := s.browser.GetHost()
			defer host.Release()
			var kept *cef.NavigationEntry
			host.GetNavigationEntries(&cef.NavigationEntryVisitor{Visit: func(e *cef.NavigationEntry, _, _, _ int) bool {
				if kept = e; e.GetURL() != a.Origin()+"/" {
					t.Errorf("the entry is of %q", e.GetURL())
				}
				panic("seen enough")
			}}, true)
			if kept == nil || kept.IsValid() || kept.GetURL() != "" || kept.Retain() != nil {
				t.Error("what a callback was lent is still of use after it panicked")
			}
		})
		s.close(t)
		seen := map[string]string{}
		for _, e := range logs.FilterMessage("panic in a callback").All() {
			m := e.ContextMap()
			seen[fmt.Sprint(m["callback"])] = fmt.Sprint(m["panic"])
		}
		if len(seen) != 2 || seen["ReadHandler.Tell"] != "tell me not" || seen["NavigationEntryVisitor.Visit"] != "seen enough" {
			t.Errorf("reported: %v", seen)
		}
		eventually(t, func() []string { return left("ReadHandler", "NavigationEntryVisitor", "NavigationEntry", "Browser") })
	})
}

// A popup's client and extra information come in and go out by pointers to pointers.
func TestPopupWithAClientOfItsOwn(t *testing.T) {
	apptest.InApp(t, site(nil), func(t *testing.T, a *app.App) {
		var (
			client       = &cef.Client{}
			popupClient  = &cef.Client{}
			popup        = newShell(popupClient)
			load, loaded = loads()
			kept, fresh  *cef.DictionaryValue
		)
		client.LoadHandler = load
		client.LifeSpanHandler = &cef.LifeSpanHandler{OnBeforePopup: func(_ *cef.Browser, _ *cef.Frame, _ int, _, _ string,
			_ cef.WindowOpenDisposition, _ bool, _ *cef.PopupFeatures, _ *cef.WindowInfo, c **cef.Client, _ *cef.BrowserSettings,
			extra **cef.DictionaryValue, _ *bool) bool {
			if *c != client {
				t.Errorf("the popup would be served by %p, not by its opener's client %p", *c, client)
			}
			*c = popupClient
			kept = *extra
			fresh = cef.DictionaryValueCreate()
			*extra = fresh
			return false
		}}
		delegate := &cef.BrowserViewDelegate{OnPopupBrowserViewCreated: func(_, view *cef.BrowserView, _ bool) bool {
			popup.show(view.Retain())
			return true
		}}
		s := openShell(t, a.Origin()+"/", client, delegate)
		await(t, "the page", loaded)
		s.run(t, "window.open('about:blank')")
		await(t, "the popup's own client", popup.opened)
		onUI(t, func() {
			if kept.IsValid() {
				t.Error("the dictionary that was replaced is still of use")
			}
			if fresh.IsValid() {
				t.Error("the dictionary that was handed over is still of use")
			}
			if s.browser.IsSame(popup.browser) {
				t.Error("the popup is its opener")
			}
		})
		popup.close(t)
		s.close(t)
		eventually(t, func() []string {
			return left("Client", "LifeSpanHandler", "LoadHandler", "BrowserViewDelegate", "WindowDelegate", "Browser", "BrowserView", "Window", "DictionaryValue")
		})
	})
}

// What a handler leaves out is answered as by CEF's C++ classes, where C would say no: cookies go both ways, downloads begin.
func TestUnsetCallbacksSayYes(t *testing.T) {
	apptest.InApp(t, site(nil), func(t *testing.T, a *app.App) {
		cookies := make(chan string, 10)
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/":
				http.SetCookie(w, &http.Cookie{Name: "taste", Value: "salty"})
				w.Header().Set("Content-Type", "text/html")
				io.WriteString(w, "<!doctype html><title>cookies</title>")
			case "/cookie":
				c, _ := r.Cookie("taste")
				cookies <- fmt.Sprint(c)
			case "/file":
				w.Header().Set("Content-Disposition", "attachment; filename=x.bin")
				w.Header().Set("Content-Type", "application/octet-stream")
				io.WriteString(w, "bytes")
			}
		}))
		defer server.Close()
		began := make(chan struct{}, 1)
		load, loaded := loads()
		client := &cef.Client{
			LoadHandler: load,
			RequestHandler: &cef.RequestHandler{
				GetResourceRequestHandler: func(*cef.Browser, *cef.Frame, *cef.Request, bool, bool, string, *bool) *cef.ResourceRequestHandler {
					return &cef.ResourceRequestHandler{
						GetCookieAccessFilter: func(*cef.Browser, *cef.Frame, *cef.Request) *cef.CookieAccessFilter {
							return &cef.CookieAccessFilter{}
						},
					}
				},
			},
			DownloadHandler: &cef.DownloadHandler{
				OnBeforeDownload: func(_ *cef.Browser, item *cef.DownloadItem, _ string, _ *cef.BeforeDownloadCallback) bool {
					began <- struct{}{}
					return true
				},
			},
		}
		s := openShell(t, server.URL+"/", client, &cef.BrowserViewDelegate{})
		await(t, "the page", loaded)
		s.run(t, "fetch('/cookie')")
		if got := <-cookies; got != "taste=salty" {
			t.Errorf("the cookie came back as %s", got)
		}
		s.run(t, "location.href = '/file'")
		await(t, "the download", began)
		s.close(t) // with a window delegate that does not answer can_close
		eventually(t, func() []string {
			return left("Client", "RequestHandler", "ResourceRequestHandler", "CookieAccessFilter", "DownloadHandler", "Request", "DownloadItem")
		})
	})
}

// Tasks that never run because the app ends are given back like any other handler.
func TestTasksThatNeverRun(t *testing.T) {
	t.Cleanup(func() { // runs after the app's end
		for _, fault := range left("Task", "App", "BrowserProcessHandler", "SchemeHandlerFactory") {
			t.Errorf("after the end: %s", fault)
		}
	})
	apptest.InApp(t, site(nil), func(t *testing.T, a *app.App) {
		const hour = 60 * 60 * 1000
		never := func() { t.Error("a task of an hour from now ran") }
		for _, thread := range []cef.ThreadID{cef.ThreadIDUI, cef.ThreadIDIO, cef.ThreadIDFileBackground, cef.ThreadIDFileUserBlocking} {
			if !cef.PostDelayedTask(thread, &cef.Task{Execute: never}, hour) {
				t.Errorf("thread %d takes no task", thread)
			}
		}
	})
}
