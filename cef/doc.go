// Package cef binds the C API of the Chromium Embedded Framework, version 14600. It is the only package that knows libcef.
//
// Declarations, trampolines, vtables and wrappers are generated from the table in cef/api; names follow CEF's, in Go's spelling:
// cef_browser_host_t.get_browser is [BrowserHost.GetBrowser]. What a call means is in CEF's own documentation of the C function that
// its comment names.
//
// # Objects
//
// What libcef implements is a wrapper such as [Browser]: one reference. A result of a call is the caller's to Release, once. An object
// passed to a callback is lent for the duration of the call; Retain makes a reference that outlives it. Passing an object to a call never
// gives away the caller's reference; what a callback returns or stores for CEF does, so give it what Create or Retain made. Methods of a
// nil or released wrapper answer with zero. Release may be called from any goroutine, but not while another is in a call on the same wrapper.
//
// A wrapper is not the object's identity: CEF makes a new one at each crossing. Compare by IsSame or GetIdentifier.
//
// What the program implements is a struct of functions such as [LifeSpanHandler]. A nil function keeps CEF's default, that of its C++ API.
// A handler lives as long as CEF holds it, and is not changed once CEF has it. A panic in a callback is reported to [PanicHandler] and
// answered with zero.
//
// # Strings
//
// Strings are UTF-16 in CEF and UTF-8 in Go; the conversion cuts nothing. NUL is a character like any other. A lone surrogate becomes the
// three bytes that UTF-8 would have for it, and those become a lone surrogate again. Other invalid UTF-8 becomes U+FFFD.
//
// # Threads
//
// Callbacks come on the thread that CEF's documentation names and must not block. Most calls belong on the UI thread, see [PostTask].
// Nothing may be called before [Load] and little before [Initialize]. After [Shutdown] objects answer with zero and Release does nothing.
//
// With the build tag cefdebug, [LiveObjects] counts references and handlers by type.
package cef

//go:generate go run ./internal/gen
