// rslock as a peer, on Tokio: it reads the arguments, warms up, waits for the word to go, works for the
// time asked and prints what happened. The words of this protocol are in bench/peers/README.md.
mod contend;

use contend::{wait_for_go, Outcome, Run, Task};
use rslock::LockManager;
use std::time::Duration;

const LEASE: Duration = Duration::from_secs(10);

/// Ok: the lock was acquired. Its release tells no result, so it counts as a success.
async fn acquire(locks: &LockManager, name: &str) -> Result<rslock::Lock, String> {
    locks
        .lock(name.as_bytes(), LEASE)
        .await
        .map_err(|problem| problem.to_string())
}

async fn work(run: Run, locks: LockManager, number: usize) {
    let mut turn = 0;
    while run.goes_on() {
        let worker = &run.workers[number];
        worker.begin();
        match acquire(&locks, &run.name(number, turn)).await {
            Err(problem) => worker.fail(problem),
            Ok(lock) => {
                worker.acquired();
                if run.task.hand_over() {
                    run.hold(worker).await;
                }
                locks.unlock(&lock).await;
                worker.released(run.goes_on());
            }
        }
        turn += 1;
        if run.task.hand_over() {
            tokio::time::sleep(contend::PAUSE).await;
        }
    }
}

/// Works for so many seconds. What hangs after that is left behind.
async fn whole(task: &Task, locks: &LockManager, seconds: f64) -> Outcome {
    let before = contend::process_time();
    let run = Run::new(task.clone(), seconds);
    let tasks: Vec<_> = (0..task.at)
        .map(|number| tokio::spawn(work(run.clone(), locks.clone(), number)))
        .collect();
    tokio::time::sleep_until(run.end().into()).await;
    let cpu = contend::process_time() - before;
    let all = async {
        for each in tasks {
            let _ = each.await;
        }
    };
    let _ = tokio::time::timeout(contend::GRACE, all).await;
    run.outcome(cpu)
}

#[tokio::main]
async fn main() {
    let task = Task::from_arguments();
    let mut locks = LockManager::new(task.nodes.clone());
    if task.hand_over() {
        // It gives up after three attempts unless told otherwise; the delay is the one that it has.
        locks.set_retry(u32::MAX, Duration::from_millis(200));
    }
    whole(&task, &locks, task.warm_up).await;
    wait_for_go();
    let outcome = whole(&task, &locks, task.seconds).await;
    println!(
        "{}",
        outcome.result(&task, "rslock", &contend::version_of("rslock"))
    );
    std::process::exit(0);
}
