package engine

import (
	"os"
	"strings"

	"go.uber.org/zap"

	"github.com/oriel-go/oriel/cef"
)

// debugVariables are variables by which whoever starts the app could make Chromium write down secrets or behave as it does not for
// users. Chromium reads some in lower case as well.
var debugVariables = []string{
	"SSLKEYLOGFILE",                            // keys of every TLS connection, into a file
	"CHROME_LOG_FILE",                          // a file to log to
	"BREAKPAD_DUMP_LOCATION",                   // memory of crashed processes, into a folder
	"CEF_CRASH_REPORTER_SERVER_URL",            // and to a server
	"CEF_CRASH_REPORTER_RATE_LIMIT_ENABLED",    //
	"CHROME_USER_DATA_DIR",                     // another profile
	"CHROME_CONFIG_HOME",                       // another place for profiles and policies
	"CHROME_HEADLESS",                          // no dialogs, other defaults
	"CHROME_SANDBOX_DEBUGGING",                 // debuggers may attach to sandboxed processes
	"ANGLE_DEFAULT_PLATFORM",                   // another way to draw
	"ANGLE_FEATURE_OVERRIDES_ENABLED",          //
	"ANGLE_FEATURE_OVERRIDES_DISABLED",         //
	"CHROME_VERSION_EXTRA", "RUNNING_UNDER_RR", // claims about the build and the machine
}

// dropDebugVariables takes them out of the environment, which in a program with cgo is C's too.
func dropDebugVariables(log *zap.Logger) {
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		for _, bad := range debugVariables {
			if strings.EqualFold(name, bad) {
				os.Unsetenv(name)
				log.Warn("variable ignored", zap.String("name", name))
			}
		}
	}
}

// completeLocale gives the environment an encoding in which every file has a name, if the locale has none or does not exist here: Chromium turns
// names of files into characters and back, and could store nothing in a folder whose name it cannot write. The language stays.
func completeLocale(log *zap.Logger) {
	if cef.UTF8Locale() {
		return
	}
	all, language := os.Getenv("LC_ALL"), os.Getenv("LANG")
	if all != "" { // it would win
		language = all
		os.Unsetenv("LC_ALL")
		os.Setenv("LANG", all)
	}
	os.Setenv("LC_CTYPE", "C.UTF-8")
	if !cef.UTF8Locale() { // C knows the rest no better, and takes all or nothing
		os.Setenv("LC_ALL", "C.UTF-8")
		if os.Getenv("LANGUAGE") == "" {
			os.Setenv("LANGUAGE", language)
		}
	}
	log.Debug("the locale has no UTF-8: names of files are taken for it", zap.String("locale", language))
}
