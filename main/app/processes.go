package app

import (
	"time"

	"go.uber.org/zap"

	"github.com/oriel-go/oriel/main/internal/processes"
	"github.com/oriel-go/oriel/utility"
)

// A ChildGone tells of a process of the app's that has gone without having been asked to. Renderers are told of by their windows.
type ChildGone struct {
	Type        ProcessType // Utility
	Name        string      // given to utility.Fork
	ServiceName string
	PID         int
	Reason      utility.Reason
	ExitCode    int // -1 if a signal ended it
	Err         error
}

// OnChildProcessGone adds a function that hears of every utility process that ends by itself with a failure, or is ended by a fault or from
// elsewhere; not of those that utility.Process.Kill or their context has ended, nor of those whose function returned nil.
func (a *App) OnChildProcessGone(f func(ChildGone)) (remove func()) { return a.childGone.On(f) }

// watchUtilities makes the events of utility processes the app's.
func (a *App) watchUtilities() (stop func()) {
	return utility.OnExit(func(e utility.Exit) {
		if e.Asked || e.Reason == utility.CleanExit {
			a.log.Debug("utility process ended", zap.Stringer("process", e))
			return
		}
		a.log.Warn("utility process is gone", zap.Stringer("process", e))
		a.childGone.Emit(&a.queue, ChildGone{Type: ProcessUtility, Name: e.Name, ServiceName: e.ServiceName, PID: e.PID, Reason: e.Reason,
			ExitCode: e.Code, Err: e.Err})
	})
}

// A ProcessType says what a process is for. The words are Electron's.
type ProcessType = processes.Type

// The types.
const (
	ProcessBrowser ProcessType = processes.Browser // the app itself
	ProcessTab     ProcessType = processes.Tab     // a renderer
	ProcessUtility ProcessType = processes.Utility // Chromium's services, and the app's utility processes
	ProcessZygote  ProcessType = processes.Zygote  // from which renderers are forked
	ProcessGPU     ProcessType = processes.GPU
	ProcessUnknown ProcessType = processes.Unknown
)

// A ProcessMetric is what one process of the app takes.
type ProcessMetric struct {
	PID         int
	Type        ProcessType
	Name        string        // of a utility process, as given to utility.Fork
	ServiceName string        // of a utility process, Chromium's or the app's
	Created     time.Time     // when it began
	CPU         time.Duration // processor time it has used
	PercentCPU  float64       // of one processor, since the last call of Metrics; 0 at the first
	WorkingSet  int64         // memory it has now, in bytes, with what it shares
	PeakWorking int64         // the most it has had
}

// Metrics lists the processes of the app: its own, Chromium's, its utility processes and whatever these have started. It reads /proc, which
// takes some 20 µs for each.
func (a *App) Metrics() []ProcessMetric {
	names := map[int]*utility.Process{}
	for _, p := range utility.Processes() {
		names[p.PID()] = p
	}
	now, all := time.Now(), processes.List()
	used := map[processes.Key]time.Duration{}
	metrics := make([]ProcessMetric, 0, len(all))
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, p := range all {
		m := ProcessMetric{PID: p.PID, Type: p.Type, ServiceName: p.Service, Created: p.Created, CPU: p.CPU, WorkingSet: p.RSS, PeakWorking: p.PeakRSS}
		if u := names[p.PID]; u != nil {
			m.Type, m.Name, m.ServiceName = ProcessUtility, u.Name(), u.ServiceName()
		}
		used[p.Key()] = p.CPU
		if before, known := a.lastCPU[p.Key()]; known && now.After(a.lastMetrics) {
			m.PercentCPU = 100 * float64(p.CPU-before) / float64(now.Sub(a.lastMetrics))
		}
		metrics = append(metrics, m)
	}
	a.lastCPU, a.lastMetrics = used, now
	return metrics
}
