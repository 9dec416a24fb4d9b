package window

import "context"

// A page's history is asked for over DevTools: Chromium's own "can go back" passes over pages that the user has not touched, which is
// meant for a browser's buttons and not for an app.

type history struct {
	CurrentIndex int
	Entries      []struct {
		ID  int
		URL string
	}
}

func (w *Window) history() (h history, err error) {
	session, err := w.devtools()
	if err != nil {
		return h, err
	}
	err = session.Call(w.host.Context(), "Page.getNavigationHistory", struct{}{}, &h)
	return h, err
}

// forgetBlank takes the document that the browser began with out of the history. UI thread.
func (w *Window) forgetBlank() {
	if !w.forgotten {
		w.forgotten = true
		w.session.Start("Page.resetNavigationHistory", struct{}{}, ignore)
	}
}

// CanGoBack reports whether the page has a past to go back to. It must not be called on the UI thread.
func (w *Window) CanGoBack() bool { return w.canGo(-1) }

// CanGoForward reports whether there is a page to go forward to.
func (w *Window) CanGoForward() bool { return w.canGo(1) }

func (w *Window) canGo(offset int) bool {
	h, err := w.history()
	i := h.CurrentIndex + offset
	return err == nil && i >= 0 && i < len(h.Entries)
}

// GoBack goes back in the page's history. Without a past it does nothing.
func (w *Window) GoBack() error { return w.goTo(-1) }

// GoForward goes forward in the page's history. At its end it does nothing.
func (w *Window) GoForward() error { return w.goTo(1) }

func (w *Window) goTo(offset int) error {
	h, err := w.history()
	i := h.CurrentIndex + offset
	if err != nil || i < 0 || i >= len(h.Entries) {
		return err
	}
	return w.DevToolsCommand(context.Background(), "Page.navigateToHistoryEntry", map[string]any{"entryId": h.Entries[i].ID}, nil)
}
