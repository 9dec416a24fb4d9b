package keeper

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// children lists the processes whose parent this one is. The kernel keeps a list for each thread.
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
