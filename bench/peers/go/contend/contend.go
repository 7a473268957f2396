// Package contend is what each contender in Go does around its peer's acquire and release: it reads
// the arguments, warms up, waits for the word to go, works for the time asked and prints what
// happened. The words of this protocol are in bench/peers/README.md.
package contend

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	holdTime  = 2 * time.Millisecond
	pauseTime = 20 * time.Millisecond
	graceTime = 3 * time.Second
)

// Task is what a contender is asked to do.
type Task struct {
	Nodes    []string
	Workload string
	HandOver bool
	At       int
	Names    int
	Seconds  float64
	WarmUp   float64
}

// Acquire gives a function that releases the lock of this name.
type Acquire func(name string) (release func() error, err error)

// ReadTask reads the arguments of the program.
func ReadTask() Task {
	var task Task
	nodes := flag.String("nodes", "", "URLs with commas between them")
	flag.StringVar(&task.Workload, "workload", "cycles", "cycles, hand-over or frozen")
	flag.IntVar(&task.At, "at", 1, "cycles in progress")
	flag.IntVar(&task.Names, "names", 1024, "names to take in turn")
	flag.Float64Var(&task.Seconds, "seconds", 1, "measured time")
	flag.Float64Var(&task.WarmUp, "warm-up", 0, "time before that")
	flag.Parse()
	task.Nodes = strings.Split(*nodes, ",")
	task.HandOver = task.Workload == "hand-over"
	return task
}

// Fatal ends the program if there is a problem.
func Fatal(problem error) {
	if problem != nil {
		fmt.Fprintln(os.Stderr, problem)
		os.Exit(1)
	}
}

// worker is what one goroutine has seen. The mutex is for the end of a run, when it may hang.
type worker struct {
	sync.Mutex
	outcome
	busy    bool // Something of it has no result yet.
	waiting bool // That something is an acquisition.
	asked   time.Time
}

type run struct {
	task    Task
	peer    string
	acquire Acquire
	end     time.Time
	holding atomic.Int32
	workers []worker
}

func (r *run) name(number, turn int) string {
	if r.task.HandOver {
		return "redlock-bench:" + r.peer + ":contended"
	}
	stretch := r.task.Names / r.task.At
	return fmt.Sprintf("redlock-bench:%s:%06d", r.peer, number*stretch+turn%stretch)
}

func (w *worker) note(what func()) {
	w.Lock()
	defer w.Unlock()
	what()
}

func (w *worker) fail(problem error) {
	w.note(func() {
		w.errors++
		w.lastError = problem.Error()
		w.busy, w.waiting = false, false
	})
}

func (r *run) hold(w *worker) {
	if r.holding.Add(1) > 1 {
		w.note(func() { w.overlaps++ })
	}
	time.Sleep(holdTime)
	r.holding.Add(-1)
}

func (r *run) cycle(w *worker, name string) {
	w.note(func() {
		w.busy, w.waiting = true, true
		w.asked = time.Now()
	})
	release, err := r.acquire(name)
	if err != nil {
		w.fail(err)
		return
	}
	w.note(func() {
		w.waits = append(w.waits, time.Since(w.asked))
		w.waiting = false
	})
	if r.task.HandOver {
		r.hold(w)
	}
	if err := release(); err != nil {
		w.fail(err)
		return
	}
	w.note(func() {
		w.busy = false
		if time.Now().Before(r.end) {
			w.cycles++
		}
	})
}

func (r *run) work(number int) {
	for turn := 0; time.Now().Before(r.end); turn++ {
		r.cycle(&r.workers[number], r.name(number, turn))
		if r.task.HandOver {
			time.Sleep(pauseTime)
		}
	}
}

// whole works for so many seconds. Goroutines that hang after that are left behind.
func (r *run) whole(seconds float64) outcome {
	length := time.Duration(seconds * float64(time.Second))
	r.workers = make([]worker, r.task.At)
	before := processTime()
	r.end = time.Now().Add(length)
	var all sync.WaitGroup
	for number := range r.workers {
		all.Add(1)
		go func() {
			defer all.Done()
			r.work(number)
		}()
	}
	time.Sleep(time.Until(r.end))
	total := outcome{cpu: processTime() - before}
	done := make(chan struct{})
	go func() {
		all.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(graceTime):
	}
	for number := range r.workers {
		total.add(&r.workers[number])
	}
	return total
}

func processTime() time.Duration {
	var used syscall.Rusage
	Fatal(syscall.Getrusage(syscall.RUSAGE_SELF, &used))
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

func versionOf(module string) string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, dependency := range info.Deps {
			if dependency.Path == module {
				return strings.TrimPrefix(dependency.Version, "v")
			}
		}
	}
	return "unknown"
}

// Contend does all of it, as the peer of this name out of this module.
func Contend(task Task, peer, module string, acquire Acquire) {
	(&run{task: task, peer: peer, acquire: acquire}).whole(task.WarmUp)
	fmt.Println("ready")
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
	measured := (&run{task: task, peer: peer, acquire: acquire}).whole(task.Seconds)
	Fatal(json.NewEncoder(os.Stdout).Encode(measured.result(task, peer, versionOf(module))))
	os.Exit(0)
}
