//! What the contender does around its peer's acquire and release: arguments, counting, the result.
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

pub const HOLD: Duration = Duration::from_millis(2);
pub const PAUSE: Duration = Duration::from_millis(20);
pub const GRACE: Duration = Duration::from_secs(3);

#[derive(Clone, Default)]
pub struct Task {
    pub nodes: Vec<String>,
    pub workload: String,
    pub at: usize,
    pub names: usize,
    pub seconds: f64,
    pub warm_up: f64,
}

impl Task {
    pub fn from_arguments() -> Task {
        let mut task = Task {
            workload: "cycles".into(),
            at: 1,
            names: 1024,
            ..Task::default()
        };
        let mut arguments = std::env::args().skip(1);
        while let Some(name) = arguments.next() {
            let value = arguments.next().unwrap_or_default();
            let number = || value.parse().expect("a number");
            match name.as_str() {
                "--nodes" => task.nodes = value.split(',').map(String::from).collect(),
                "--workload" => task.workload = value,
                "--at" => task.at = number() as usize,
                "--names" => task.names = number() as usize,
                "--seconds" => task.seconds = number(),
                "--warm-up" => task.warm_up = number(),
                _ => panic!("unknown argument {name}"),
            }
        }
        task
    }

    pub fn hand_over(&self) -> bool {
        self.workload == "hand-over"
    }
}

#[derive(Default)]
pub struct Outcome {
    cycles: usize,
    errors: usize,
    overlaps: usize,
    unfinished: usize,
    waits: Vec<Duration>,
    error: String,
    seconds: f64,
    cpu: Duration,
}

/// What one Tokio task has seen.
#[derive(Default)]
pub struct Worker(Mutex<Progress>);

#[derive(Default)]
struct Progress {
    outcome: Outcome,
    busy: bool,             // Something of it has no result yet.
    asked: Option<Instant>, // That something is an acquisition, begun then.
}

impl Worker {
    pub fn begin(&self) {
        let mut now = self.0.lock().unwrap();
        now.busy = true;
        now.asked = Some(Instant::now());
    }

    pub fn acquired(&self) {
        let mut now = self.0.lock().unwrap();
        if let Some(asked) = now.asked.take() {
            now.outcome.waits.push(asked.elapsed());
        }
    }

    pub fn released(&self, in_time: bool) {
        let mut now = self.0.lock().unwrap();
        now.busy = false;
        now.outcome.cycles += usize::from(in_time);
    }

    pub fn fail(&self, problem: String) {
        let mut now = self.0.lock().unwrap();
        now.busy = false;
        now.asked = None;
        now.outcome.errors += 1;
        now.outcome.error = problem;
    }
}

/// One stretch of work by `task.at` workers.
#[derive(Clone)]
pub struct Run {
    pub task: Task,
    pub workers: Arc<Vec<Worker>>,
    end: Instant,
    seconds: f64,
    holding: Arc<AtomicUsize>,
}

impl Run {
    pub fn new(task: Task, seconds: f64) -> Run {
        Run {
            workers: Arc::new((0..task.at).map(|_| Worker::default()).collect()),
            end: Instant::now() + Duration::from_secs_f64(seconds),
            holding: Arc::default(),
            seconds,
            task,
        }
    }

    pub fn end(&self) -> Instant {
        self.end
    }

    pub fn goes_on(&self) -> bool {
        Instant::now() < self.end
    }

    pub fn name(&self, number: usize, turn: usize) -> String {
        if self.task.hand_over() {
            return "redlock-bench:rslock:contended".into();
        }
        let stretch = self.task.names / self.task.at;
        format!(
            "redlock-bench:rslock:{:06}",
            number * stretch + turn % stretch
        )
    }

    pub async fn hold(&self, worker: &Worker) {
        if self.holding.fetch_add(1, Ordering::SeqCst) > 0 {
            worker.0.lock().unwrap().outcome.overlaps += 1;
        }
        tokio::time::sleep(HOLD).await;
        self.holding.fetch_sub(1, Ordering::SeqCst);
    }

    pub fn outcome(&self, cpu: Duration) -> Outcome {
        let mut all = Outcome {
            seconds: self.seconds,
            cpu,
            ..Outcome::default()
        };
        for worker in self.workers.iter() {
            let one = worker.0.lock().unwrap();
            all.cycles += one.outcome.cycles;
            all.errors += one.outcome.errors;
            all.overlaps += one.outcome.overlaps;
            all.unfinished += usize::from(one.busy);
            all.waits.extend(&one.outcome.waits);
            all.waits.extend(one.asked.map(|asked| asked.elapsed()));
            if !one.outcome.error.is_empty() {
                all.error.clone_from(&one.outcome.error);
            }
        }
        all.waits.sort();
        all
    }
}

impl Outcome {
    /// In microseconds.
    fn quantile(&self, share: f64) -> f64 {
        let last = self.waits.len().saturating_sub(1) as f64;
        let at = (share * last).round() as usize;
        self.waits
            .get(at)
            .map_or(0.0, |wait| wait.as_secs_f64() * 1e6)
    }

    pub fn result(&self, task: &Task, peer: &str, version: &str) -> serde_json::Value {
        serde_json::json!({
            "peer": peer,
            "version": version,
            "workload": task.workload,
            "nodes": task.nodes.len(),
            "at": task.at,
            "cycles": self.cycles,
            "seconds": self.seconds,
            "errors": self.errors,
            "error": self.error,
            "unfinished": self.unfinished,
            "overlaps": self.overlaps,
            "acquire_us": {
                "median": self.quantile(0.5),
                "p99": self.quantile(0.99),
                "max": self.quantile(1.0),
            },
            "cpu_us_a_cycle": self.cpu.as_secs_f64() * 1e6 / self.cycles.max(1) as f64,
        })
    }
}

pub fn wait_for_go() {
    println!("ready");
    let mut line = String::new();
    let _ = std::io::stdin().read_line(&mut line);
}

pub fn process_time() -> Duration {
    let mut used = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: it only writes into the structure.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut used) };
    Duration::new(used.tv_sec as u64, used.tv_nsec as u32)
}

/// As the lock file has it, with which this program was built.
pub fn version_of(package: &str) -> String {
    let name = format!("name = \"{package}\"");
    let mut lines = include_str!("../Cargo.lock").lines();
    lines
        .find(|line| *line == name)
        .and_then(|_| lines.next())
        .map_or("unknown".into(), |line| {
            line.trim_start_matches("version = ")
                .trim_matches('"')
                .into()
        })
}
