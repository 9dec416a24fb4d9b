package engine

import (
	"slices"
	"strings"

	"github.com/oriel-go/oriel/cef"
)

// A Switch is one of Chromium's command line switches, without dashes. Value may be empty.
type Switch struct{ Name, Value string }

// Defaults are the switches of every app; bench/switches.txt holds the same list. What each saves is in bench/README.md.
var Defaults = []Switch{
	// X11 is what Chromium 146 handles best, also under Wayland (XWayland).
	{"ozone-platform", "x11"},
	{"no-first-run", ""},
	{"no-default-browser-check", ""},
	{"disable-background-networking", ""},
	{"disable-component-update", ""},
	{"disable-sync", ""},
	{disableFeatures, strings.Join(disabledFeatures, ",")},
	// Without it nothing tells that the other end of a MessagePort is closed or collected; Electron has a close event of its own.
	{enableBlink, "MessagePortCloseEvent"},
}

var disabledFeatures = []string{
	"BackForwardCache", // a page in it keeps its contexts, and so its IPC, alive long after it was left
	"RenderDocument",   // with it each navigation leaves every later document one more isolated world
	"SpareRendererForSitePerProcess",
	"SubframeShutdownDelay", // a frame that comes to a process already running may have no preload: docs/security.md
}

const (
	enableFeatures  = "enable-features"
	disableFeatures = "disable-features"
	enableBlink     = "enable-blink-features"
	disableBlink    = "disable-blink-features"
)

// enableLogging makes all lines go to standard error, which is led to the app's log.
var enableLogging = Switch{"enable-logging", "stderr"}

// switches are those to append to line, the command line that Chromium has seen by now: nobody's but the app's, or that of the app's
// user where this is wanted. What stands there wins, and features are added up: those of CEF's own stand there always.
func (o Options) switches(line *cef.CommandLine) []Switch {
	var given []Switch
	values := map[string]string{}
	line.GetSwitches(&values)
	for name, value := range values {
		if o.OwnSwitches || name == enableFeatures || name == disableFeatures {
			given = append(given, Switch{name, value})
		}
	}
	all := merge(merge(Defaults, o.Switches), given)
	if !slices.ContainsFunc(all, func(s Switch) bool { return s.Name == enableLogging.Name || s.Name == "log-file" }) {
		all = append(all, enableLogging)
	}
	return all
}

// merge joins two lists of switches. Later ones replace earlier ones, but features are added up, and a feature that the second list
// enables is not disabled by the first (nor the other way round), which Chromium would prefer.
func merge(a, b []Switch) []Switch {
	out := slices.Clone(a)
	for _, s := range b {
		switch s.Name {
		case enableFeatures:
			addFeatures(&out, s, disableFeatures)
		case disableFeatures:
			addFeatures(&out, s, enableFeatures)
		case enableBlink:
			addFeatures(&out, s, disableBlink)
		case disableBlink:
			addFeatures(&out, s, enableBlink)
		default:
			set(&out, s)
		}
	}
	return slices.DeleteFunc(out, func(s Switch) bool {
		return s.Value == "" && slices.Contains([]string{enableFeatures, disableFeatures, enableBlink, disableBlink}, s.Name)
	})
}

func set(list *[]Switch, s Switch) {
	i := slices.IndexFunc(*list, func(t Switch) bool { return t.Name == s.Name })
	if i < 0 {
		*list = append(*list, s)
	} else {
		(*list)[i] = s
	}
}

// addFeatures adds the features of s and takes them from the switch named opposite.
func addFeatures(list *[]Switch, s Switch, opposite string) {
	added := features(s.Value)
	for i, t := range *list {
		switch t.Name {
		case s.Name:
			s.Value = strings.Join(append(without(features(t.Value), added), added...), ",")
		case opposite:
			(*list)[i].Value = strings.Join(without(features(t.Value), added), ",")
		}
	}
	set(list, s)
}

func features(value string) []string {
	return slices.DeleteFunc(strings.Split(value, ","), func(s string) bool { return s == "" })
}

// without leaves out features that are also in others. A feature may have "<trial" or ":parameters" behind its name.
func without(list, others []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool {
		return slices.ContainsFunc(others, func(o string) bool { return featureName(o) == featureName(s) })
	})
}

func featureName(s string) string {
	if i := strings.IndexAny(s, "<:"); i >= 0 {
		s = s[:i]
	}
	return strings.TrimPrefix(s, "*")
}
