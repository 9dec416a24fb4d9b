package engine

import "strings"

// A Switch is one of Chromium's command line switches, without dashes. Value may be empty.
type Switch struct{ Name, Value string }

// Defaults are the switches of every app. What each saves is in bench/README.md.
var Defaults = []Switch{
	// X11 is what Chromium 146 handles best, also under Wayland (XWayland).
	{"ozone-platform", "x11"},
	{"no-first-run", ""},
	{"no-default-browser-check", ""},
	{"disable-background-networking", ""},
	{"disable-component-update", ""},
	{"disable-sync", ""},
	{"disable-default-apps", ""},
	{"disable-domain-reliability", ""},
	{"disable-breakpad", ""},
	{"disable-extensions", ""},
	{"disable-chrome-login-prompt", ""},
	// A page in the back-forward cache keeps its contexts, and so its IPC, alive long after it was left.
	{"disable-features", strings.Join(disabledFeatures, ",")},
}

var disabledFeatures = []string{
	"BackForwardCache", "SpareRendererForSitePerProcess", "MediaRouter", "OptimizationHints", "Translate",
	"AutofillServerCommunication", "CertificateTransparencyComponentUpdater",
}
