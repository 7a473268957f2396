package contend

import (
	"slices"
	"time"
)

// outcome is what was seen by one worker, or by all of them.
type outcome struct {
	cycles     int // Acquired and released, both with success and in time.
	errors     int
	overlaps   int
	unfinished int
	waits      []time.Duration
	lastError  string
	cpu        time.Duration
}

func (o *outcome) add(w *worker) {
	w.Lock()
	defer w.Unlock()
	o.cycles += w.cycles
	o.errors += w.errors
	o.overlaps += w.overlaps
	o.waits = append(o.waits, w.waits...)
	if w.busy {
		o.unfinished++
	}
	if w.waiting {
		o.waits = append(o.waits, time.Since(w.asked))
	}
	if w.lastError != "" {
		o.lastError = w.lastError
	}
}

// quantile is in microseconds.
func quantile(ordered []time.Duration, share float64) float64 {
	if len(ordered) == 0 {
		return 0
	}
	return float64(ordered[int(share*float64(len(ordered)-1)+0.5)]) / float64(time.Microsecond)
}

func (o *outcome) result(task Task, peer, version string) map[string]any {
	slices.Sort(o.waits)
	return map[string]any{
		"peer":       peer,
		"version":    version,
		"workload":   task.Workload,
		"nodes":      len(task.Nodes),
		"at":         task.At,
		"cycles":     o.cycles,
		"seconds":    task.Seconds,
		"errors":     o.errors,
		"error":      o.lastError,
		"unfinished": o.unfinished,
		"overlaps":   o.overlaps,
		"acquire_us": map[string]float64{
			"median": quantile(o.waits, 0.5),
			"p99":    quantile(o.waits, 0.99),
			"max":    quantile(o.waits, 1),
		},
		"cpu_us_a_cycle": float64(o.cpu) / float64(time.Microsecond) / float64(max(o.cycles, 1)),
	}
}
