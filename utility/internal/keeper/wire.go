// Package keeper starts processes and answers for their end. An app does not fork its utility processes itself: a small process of the
// same executable does, the keeper. It is the parent that all their descendants fall back to, so it can end a whole tree, whatever
// sessions and groups were made in it; and it lives on for the moment that takes when the app has been killed. It needs no privileges and no
// control group.
//
// Processes that are to be apart have a keeper of their own, which is the first process of a PID namespace, made in a user namespace: with
// it the kernel ends all that is in there, wherever it has hidden, and nothing in there can name a process outside. So there a process has
// two numbers, its own and the one that the app knows it by, which is the one in /proc.
package keeper

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// A Spec says what to start.
type Spec struct {
	Path      string
	Argv, Env []string
	Dir       string     // absolute; "" for the app's own
	Files     []*os.File `msgpack:"-"` // the descriptors from 0 up; nil for none
	Apart     bool       `msgpack:"-"` // in the PID namespace, if the kernel allows one
}

// A State is how a process has ended.
type State struct {
	Code   int           // -1 if a signal ended it
	Signal unix.Signal   // 0 if it ended itself
	Lost   error         `json:"-"` // why the keeper has gone, and the process with it; else nil
	MaxRSS int64         // the most memory it had, in bytes
	CPU    time.Duration // what it used, with the children it waited for
}

// A request goes from the app to the keeper.
type request struct {
	ID     int
	Spawn  bool        `json:",omitempty"` // with the spec in a file, and the process's own files
	Files  []bool      `json:",omitempty"` // which of the process's descriptors come along
	Signal unix.Signal `json:",omitempty"`
}

// A report goes from the keeper to the app.
type report struct {
	ID    int
	PID   int    `json:",omitempty"` // it has started
	Error string `json:",omitempty"` // it has not
	Errno int    `json:",omitempty"`
	Heard bool   `json:",omitempty"` // a signal has been sent on
	Ended *State `json:",omitempty"`
}

const (
	maxMessage = 4 << 10
	maxFiles   = 16
)

// send writes one message with files beside it.
func send(c *net.UnixConn, message any, files []*os.File) error {
	data, err := json.Marshal(message)
	if err != nil {
		return err
	}
	var rights []byte
	if len(files) > 0 {
		fds := make([]int, len(files))
		for i, f := range files {
			fds[i] = int(f.Fd())
		}
		rights = unix.UnixRights(fds...)
	}
	_, _, err = c.WriteMsgUnix(data, rights, nil)
	return err
}

// receive reads one message; the files are the caller's.
func receive(c *net.UnixConn, message any) (files []*os.File, err error) {
	data, rights := make([]byte, maxMessage), make([]byte, unix.CmsgSpace(maxFiles*4))
	n, extra, flags, _, err := c.ReadMsgUnix(data, rights)
	if err != nil {
		return nil, err
	}
	if n == 0 {
		return nil, io.EOF
	}
	controls, err := unix.ParseSocketControlMessage(rights[:extra])
	for i := range controls {
		fds, _ := unix.ParseUnixRights(&controls[i])
		for _, fd := range fds {
			files = append(files, os.NewFile(uintptr(fd), "given"))
		}
	}
	if err == nil && flags&(unix.MSG_TRUNC|unix.MSG_CTRUNC) != 0 {
		err = fmt.Errorf("a message too long")
	}
	if err == nil {
		err = json.Unmarshal(data[:n], message)
	}
	if err != nil {
		closeAll(files)
		return nil, err
	}
	return files, nil
}

func closeAll(files []*os.File) {
	for _, f := range files {
		_ = f.Close()
	}
}
