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
// gives away the caller's reference. Methods of a nil or released wrapper answer with zero.
//
// What the program implements is a struct of functions such as [LifeSpanHandler]. A nil function keeps CEF's default, that of its C++ API.
// A handler lives as long as CEF holds it.
//
// # Threads
//
// Callbacks come on the thread that CEF's documentation names and must not block. Most calls belong on the UI thread, see [PostTask].
// Nothing may be called before [Load], little before [Initialize] and nothing after [Shutdown]; Release is harmless then.
package cef

//go:generate go run ./internal/gen
