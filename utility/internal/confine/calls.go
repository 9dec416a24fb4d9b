package confine

import (
	"fmt"
	"os"
	"slices"

	seccomp "github.com/elastic/go-seccomp-bpf"
	"github.com/elastic/go-seccomp-bpf/arch"
	"golang.org/x/sys/unix"
)

// never are the calls that no confined process may make. Names that this machine's architecture does not have are left out.
var never = []string{
	// The system as a whole, and what only its administrator may do anyway.
	"acct", "adjtimex", "bpf", "chroot", "clock_adjtime", "clock_settime", "delete_module", "fanotify_init", "fanotify_mark", "finit_module",
	"fsconfig", "fsmount", "fsopen", "fspick", "init_module", "ioperm", "iopl", "kexec_file_load", "kexec_load", "listmount", "lookup_dcookie",
	"modify_ldt", "mount", "mount_setattr", "move_mount", "name_to_handle_at", "nfsservctl", "open_by_handle_at", "open_tree",
	"open_tree_attr", "perf_event_open", "pivot_root", "quotactl", "quotactl_fd", "reboot", "setdomainname", "sethostname", "setns",
	"settimeofday", "statmount", "swapoff", "swapon", "syslog", "umount", "umount2", "unshare", "uselib", "userfaultfd", "vhangup", "vserver",
	// A way round every filter.
	"io_uring_enter", "io_uring_register", "io_uring_setup",
	// Other processes: their memory, their keys, their queues.
	"add_key", "ioprio_set", "kcmp", "keyctl", "migrate_pages", "move_pages", "pidfd_getfd", "process_madvise", "process_mrelease",
	"process_vm_readv", "process_vm_writev", "ptrace", "request_key", "sched_setaffinity", "sched_setattr", "sched_setparam",
	"sched_setscheduler", "setpriority", "tkill",
	"mq_getsetattr", "mq_notify", "mq_open", "mq_timedreceive", "mq_timedsend", "mq_unlink", "msgctl", "msgget", "msgrcv", "msgsnd",
	"semctl", "semget", "semop", "semtimedop", "shmat", "shmctl", "shmdt", "shmget",
	// What Landlock does not see of writing: modes, owners, times and attributes, wherever the file is.
	"chmod", "chown", "fchmod", "fchmodat", "fchmodat2", "fchown", "fchownat", "file_setattr", "fremovexattr", "fsetxattr", "futimesat",
	"lchown", "lremovexattr", "lsetxattr", "removexattr", "removexattrat", "setxattr", "setxattrat", "utime", "utimensat", "utimes",
}

// programs are the calls that are for those only who may run programs.
var programs = []string{"execve", "execveat", "pidfd_open", "pidfd_send_signal", "rt_sigqueueinfo", "rt_tgsigqueueinfo"}

// absent are calls whose arguments a filter cannot see. They answer as on an older kernel, and callers fall back to others.
var absent = []string{"clone3", "openat2"}

// namespaces are what a clone may not make new: a process that is root in one of its own has more to attack the kernel with.
const namespaces = unix.CLONE_NEWCGROUP | unix.CLONE_NEWIPC | unix.CLONE_NEWNET | unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWTIME |
	unix.CLONE_NEWUSER | unix.CLONE_NEWUTS

// confineCalls binds all threads of this process to the calls that the rules leave.
//
// Of several filters the strictest word counts. The first knows names only. Each that looks at arguments has a filter of its own, which
// refuses and lets everything else pass: the library compares the number of a call with whatever its last condition has loaded, so in one
// filter an argument could pass for a number.
func (r *Rules) confineCalls(exec bool) error {
	table, err := arch.GetInfo("")
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnsupported, err)
	}
	policies := []seccomp.Policy{byName(table, exec)}
	for _, refused := range r.byArgument(exec) {
		if _, there := table.SyscallNames[refused[0].Name]; there {
			policies = append(policies, seccomp.Policy{DefaultAction: seccomp.ActionAllow,
				Syscalls: []seccomp.SyscallGroup{{NamesWithCondtions: refused, Action: seccomp.ActionErrno}}})
		}
	}
	for _, p := range policies {
		if err := seccomp.LoadFilter(seccomp.Filter{NoNewPrivs: true, Flag: seccomp.FilterFlagTSync, Policy: p}); err != nil {
			return fmt.Errorf("a filter for system calls: %w", err)
		}
	}
	return nil
}

// byName allows the calls that are known and not refused. Anything else is refused: calls newer than the library, and those of another
// architecture that this processor knows too.
func byName(table *arch.Info, exec bool) seccomp.Policy {
	var allowed, missing []string
	for name := range table.SyscallNames {
		switch {
		case slices.Contains(never, name) || !exec && slices.Contains(programs, name):
		case slices.Contains(absent, name):
			missing = append(missing, name)
		default:
			allowed = append(allowed, name)
		}
	}
	slices.Sort(allowed)
	return seccomp.Policy{DefaultAction: seccomp.ActionErrno, Syscalls: []seccomp.SyscallGroup{
		{Names: allowed, Action: seccomp.ActionAllow},
		{Names: missing, Action: seccomp.ActionErrno | seccomp.Action(unix.ENOSYS)},
	}}
}

// A call is one that is refused if all conditions on its arguments hold; a list of them is about one name.
type call = seccomp.NameWithConditions

func when(name string, conditions ...seccomp.Condition) call {
	return call{Name: name, Conditions: conditions}
}

// isNot looks at the whole of an argument. Where the kernel looks at half of it only, whatever else is in it does not pass for allowed.
func isNot(argument uint32, value uint64) seccomp.Condition {
	return seccomp.Condition{Argument: argument, Operation: seccomp.NotEqual, Value: value}
}

func is(argument uint32, value uint64) seccomp.Condition {
	return seccomp.Condition{Argument: argument, Operation: seccomp.Equal, Value: value}
}

// hasAny asks for any of the bits.
func hasAny(argument uint32, bits uint64) seccomp.Condition {
	return seccomp.Condition{Argument: argument, Operation: seccomp.BitsSet, Value: bits}
}

func hasNone(argument uint32, bits uint64) seccomp.Condition {
	return seccomp.Condition{Argument: argument, Operation: seccomp.BitsNotSet, Value: bits}
}

// isLow compares the lower half of an argument, where the kernel does so too.
func isLow(argument uint32, value uint32) []seccomp.Condition {
	list := []seccomp.Condition{hasNone(argument, uint64(^value))}
	for bit := uint32(1); bit != 0; bit <<= 1 {
		if value&bit != 0 {
			list = append(list, hasAny(argument, uint64(bit)))
		}
	}
	return list
}

// byArgument lists what is refused for its arguments.
func (r *Rules) byArgument(exec bool) [][]call {
	self := uint64(os.Getpid())
	lists := [][]call{
		{when("clone", hasAny(0, namespaces))},
		// To cut a file off, one need not open it for writing; older versions of Landlock do not see that.
		{when("open", hasAny(1, unix.O_TRUNC), hasNone(1, unix.O_WRONLY|unix.O_RDWR))},
		{when("openat", hasAny(2, unix.O_TRUNC), hasNone(2, unix.O_WRONLY|unix.O_RDWR))},
		// To type into the terminal that the app was started from.
		{when("ioctl", isLow(1, unix.TIOCSTI)...), when("ioctl", isLow(1, unix.TIOCLINUX)...)},
		{when("prlimit64", isNot(0, 0), isNot(0, self))},
		// A pair of connected sockets leads nowhere else. A socket of the UNIX family would lead to the session's services, which run programs
		// for whoever asks; so would one of a pair for datagrams, which can be sent to any address.
		{when("socketpair", isNot(0, unix.AF_UNIX))},
		{when("socketpair", hasAny(1, unix.SOCK_DGRAM))}, // a bit of SOCK_RAW too, and neither of SOCK_STREAM nor of SOCK_SEQPACKET
	}
	if r.Network {
		lists = append(lists, []call{
			when("socket", isNot(0, unix.AF_INET), isNot(0, unix.AF_INET6), isNot(0, unix.AF_NETLINK)),
			when("socket", is(0, unix.AF_NETLINK), isNot(2, unix.NETLINK_ROUTE)), // which addresses this machine has, and no more
		})
	} else {
		lists = append(lists, []call{when("socket", isNot(0, 1<<32))}) // no family has this number
	}
	if !exec { // then there is nobody below to send a signal to
		lists = append(lists, []call{when("kill", isNot(0, self))}, []call{when("tgkill", isNot(0, self))})
	}
	return lists
}
