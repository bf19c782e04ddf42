package worker

import (
	"os"
	"path/filepath"
	"strings"
	"time"

	"sallyport/dataplane/ovpn"
	"sallyport/dataplane/supervise"
)

const (
	// maxLog is the size in bytes above which a worker's log is truncated.
	maxLog = 4 << 20
	// maxStartText bounds what is read of a log and written to the log of this process.
	maxStartText = 8 << 10
	maxLine      = 300
	// maxGoodbyeText bounds what is read of a log to find the clients that left, and goodbyeAge how long ago
	// they may have left: longer than a dataplane takes to start.
	maxGoodbyeText = 256 << 10
	goodbyeAge     = time.Minute
	// listening is the line after which OpenVPN lets clients in.
	listening = "Initialization Sequence Completed"
)

// trimLog cuts the log of the process that runs. It is called every listInterval, whatever the
// reconciler waits for: the packet filter limits how fast other hosts can have lines written, some
// 300 kB in a second.
func (w *Worker) trimLog() {
	w.mu.Lock()
	proc := w.proc
	w.mu.Unlock()
	if proc == nil {
		return
	}
	if log := proc.Log(); log != nil {
		_ = log.Trim(maxLog)
	} else {
		_ = supervise.TrimFile(w.oldLog(), maxLog)
	}
}

// startText is what a process wrote before it listened, where that is known. What it wrote afterwards
// tells of clients whose logins wait, and what this process logs may be written to disk.
func startText(log *supervise.Log) string {
	if log == nil {
		return ""
	}
	text, _, listened := strings.Cut(string(log.Start(maxStartText)), listening)
	if listened {
		text = text[:strings.LastIndexByte(text, '\n')+1]
	}
	return strings.TrimSpace(strings.ToValidUTF8(text, "?"))
}

// lastLine is the last line of startText.
func lastLine(log *supervise.Log) string {
	text := startText(log)
	line := text[strings.LastIndexByte(text, '\n')+1:]
	if line == "" {
		return "(it is empty)"
	}
	return strings.ToValidUTF8(line[:min(len(line), maxLine)], "?")
}

// oldLog is where versions of this program up to the first half of 2026-11 had a worker's log. A
// worker that such a version started goes on writing there.
func (w *Worker) oldLog() string { return filepath.Join(oldLogs(w.host.RunDir), w.Device+".log") }

func oldLogs(runDir string) string { return filepath.Join(runDir, "logs") }

func (w *Worker) removeOldLog() {
	_ = os.Remove(w.oldLog())
	_ = os.Remove(oldLogs(w.host.RunDir)) // where it is empty
}

// RemoveOldLogs removes the log files of earlier versions of this program but those that one of the
// workers still writes.
func RemoveOldLogs(runDir string, workers []*Worker) {
	written := map[string]bool{}
	for _, w := range workers {
		w.mu.Lock()
		written[w.oldLog()] = w.proc != nil && w.proc.Log() == nil
		w.mu.Unlock()
	}
	files, _ := filepath.Glob(filepath.Join(oldLogs(runDir), "*.log"))
	for _, f := range files {
		if !written[f] {
			_ = os.Remove(f)
		}
	}
	_ = os.Remove(oldLogs(runDir)) // where it is empty
}

// left gives the clients that left by themselves in the last minute. OpenVPN tells that in its log only, and
// no management session was there to read it.
func (w *Worker) left(proc *supervise.Process) []Left {
	if proc == nil { // see Attach
		return nil
	}
	var text []byte
	var err error
	if log := proc.Log(); log != nil {
		text, err = log.Tail(maxGoodbyeText)
	} else {
		text, err = supervise.TailFile(w.oldLog(), maxGoodbyeText)
	}
	if err != nil {
		w.log.Warn("the worker's log cannot be read", "err", err)
	}
	return goodbyesIn(string(text), time.Now().Add(-goodbyeAge))
}

// goodbyesIn finds the clients that left since a moment in lines of OpenVPN's log, which begin with the local
// time.
func goodbyesIn(text string, since time.Time) (out []Left) {
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if len(line) <= len(time.DateTime) {
			continue
		}
		at, err := time.ParseInLocation(time.DateTime, line[:len(time.DateTime)], time.Local)
		if err != nil || at.Before(since) {
			continue
		}
		if g, ok := ovpn.ParseGoodbye(line[len(time.DateTime)+1:]); ok {
			out = append(out, Left{g, at})
		}
	}
	return out
}
