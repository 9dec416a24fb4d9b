package keeper

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// children lists the processes whose parent this one is, by their numbers in /proc. The kernel keeps a list for each thread.
func children() (pids []int) {
	lists, _ := filepath.Glob("/proc/self/task/*/children")
	for _, list := range lists {
		text, _ := os.ReadFile(list)
		for _, field := range strings.Fields(string(text)) {
			if pid, err := strconv.Atoi(field); err == nil {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}

// first says that this process is the first of a PID namespace. What it calls a process by is not the number in /proc then.
func first() bool { return os.Getpid() == 1 }

// shown returns the number in /proc of the process behind a descriptor.
func shown(pidfd int) (int, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/self/fdinfo/%d", pidfd))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(after(text, "\nPid:"))
	if len(fields) == 0 {
		return 0, errors.New("/proc does not tell a process's number")
	}
	return strconv.Atoi(fields[0])
}

// inner returns the number that a process with that one in /proc has in the innermost namespace, and 0 if it is gone.
func inner(pid int) int {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	numbers := strings.Fields(after(text, "\nNSpid:"))
	if len(numbers) == 0 {
		return 0
	}
	n, _ := strconv.Atoi(numbers[len(numbers)-1])
	return n
}

// after returns the rest of the line that begins with name.
func after(text []byte, name string) string {
	_, rest, _ := strings.Cut(string(text), name)
	line, _, _ := strings.Cut(rest, "\n")
	return line
}

// passes is how often processes are looked for that have been started while others were killed.
const passes = 10

// killSessions kills all processes of sessions whose leaders the kernel kills, or has killed: the keeper that would have done so is gone.
// The number of a session is not given to another one as long as a process of it lives.
func killSessions(leaders map[int]bool) {
	for range passes {
		found := false
		stats, _ := filepath.Glob("/proc/[0-9]*/stat")
		for _, path := range stats {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			if session, err := unix.Getsid(pid); err != nil || !leaders[session] || ended(path) {
				continue
			}
			found = unix.Kill(pid, unix.SIGKILL) == nil || found
		}
		if !found {
			return
		}
	}
}

// ended says that a process waits for its parent to take note of its end, or does so no more.
func ended(stat string) bool {
	text, err := os.ReadFile(stat)
	_, state, _ := strings.Cut(string(text[strings.LastIndexByte(string(text), ')')+1:]), " ")
	return err != nil || strings.HasPrefix(state, "Z") || strings.HasPrefix(state, "X")
}
