package cef

// #include "stderr.h"
import "C"

import "errors"

// DivertStderr leads what libcef itself writes to standard error to fd, the writing end of a pipe that does not block. libcef has no
// other way to keep its errors off the terminal: it writes them there whatever its log settings say. Every line arrives whole, cut at
// 4096 bytes, or not at all when the pipe is full; lines of level FATAL go to standard error too. The rest of the process keeps its
// standard error. With -1, libcef gets it back. [Load] comes first. fd must stay open while it is in use.
func DivertStderr(fd int) error {
	if C.oriel_cef_divert_stderr(C.int(fd)) != 0 {
		return errors.New("cef: this libcef's writing to standard error cannot be led elsewhere")
	}
	return nil
}
