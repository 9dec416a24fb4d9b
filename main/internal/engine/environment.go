package engine

import (
	"os"
	"strings"

	"go.uber.org/zap"
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
