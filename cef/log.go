package cef

/*
#include <stdlib.h>
#include "log.h"
*/
import "C"

import "unsafe"

// Log writes a line to libcef's own log, if it keeps one of that severity. LogSeverityFatal ends the process. [Load] comes first.
func Log(file string, line int, severity LogSeverity, message string) {
	// cef_log's severities are those of Chromium: 0 for INFO, which is 2 here.
	f, m := C.CString(file), C.CString(message)
	defer C.free(unsafe.Pointer(f))
	defer C.free(unsafe.Pointer(m))
	C.oriel_cef_log(f, C.int(line), C.int(severity-LogSeverityInfo), m)
}
