// What a contender in Java does around its peer's acquire and release: it warms up, waits for the word
// to go, works for the time asked with one thread for each cycle in progress, and prints what happened.
// The words of this protocol are in bench/peers/README.md.
import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;

final class Contend {
    interface Release {
        void now() throws Exception;
    }

    interface Acquire {
        Release of(String name) throws Exception;
    }

    private static final long HOLD_MS = 2;
    private static final long PAUSE_MS = 20;
    private static final long GRACE_NS = 3_000_000_000L;

    /** What one thread has seen. It is synchronized for the end of a run, when the thread may hang. */
    private static final class Worker {
        private long cycles;
        private long errors;
        private long overlaps;
        private final List<Long> waits = new ArrayList<>();
        private String error = "";
        private boolean busy; // Something of it has no result yet.
        private boolean waiting; // That something is an acquisition.
        private long asked;

        synchronized void begin() {
            busy = true;
            waiting = true;
            asked = System.nanoTime();
        }

        synchronized void acquired() {
            waits.add(System.nanoTime() - asked);
            waiting = false;
        }

        synchronized void overlapped() {
            ++overlaps;
        }

        synchronized void released(boolean inTime) {
            busy = false;
            cycles += inTime ? 1 : 0;
        }

        synchronized void failed(Throwable problem) {
            busy = false;
            waiting = false;
            ++errors;
            error = problem.toString();
        }

        synchronized void addTo(Worker all, AtomicInteger unfinished) {
            all.cycles += cycles;
            all.errors += errors;
            all.overlaps += overlaps;
            all.waits.addAll(waits);
            if (busy) {
                unfinished.incrementAndGet();
            }
            if (waiting) {
                all.waits.add(System.nanoTime() - asked);
            }
            if (!error.isEmpty()) {
                all.error = error;
            }
        }
    }

    private final Task task;
    private final String peer;
    private final Acquire acquire;
    private final AtomicInteger holding = new AtomicInteger();
    private final AtomicInteger unfinished = new AtomicInteger();
    private long end;
    private long cpu;

    private Contend(Task task, String peer, Acquire acquire) {
        this.task = task;
        this.peer = peer;
        this.acquire = acquire;
    }

    static void all(Task task, String peer, String version, Acquire acquire) throws Exception {
        new Contend(task, peer, acquire).whole(task.warmUp);
        System.out.println("ready");
        System.in.read();
        Contend measured = new Contend(task, peer, acquire);
        System.out.println(measured.result(version, measured.whole(task.seconds)));
        System.out.flush();
        Runtime.getRuntime().halt(0); // What hangs is not waited for.
    }

    private boolean goesOn() {
        return System.nanoTime() - end < 0;
    }

    private String name(int number, int turn) {
        if (task.isHandOver()) {
            return "redlock-bench:" + peer + ":contended";
        }
        int stretch = task.names / task.at;
        return String.format("redlock-bench:%s:%06d", peer, number * stretch + turn % stretch);
    }

    private void cycle(Worker self, String name) throws Exception {
        Release release = acquire.of(name);
        self.acquired();
        if (task.isHandOver()) {
            if (holding.incrementAndGet() > 1) {
                self.overlapped();
            }
            Thread.sleep(HOLD_MS);
            holding.decrementAndGet();
        }
        release.now();
        self.released(goesOn());
    }

    private void work(Worker self, int number) {
        for (int turn = 0; goesOn(); ++turn) {
            self.begin();
            try {
                cycle(self, name(number, turn));
            } catch (Exception problem) {
                self.failed(problem);
            }
            if (task.isHandOver()) {
                sleepUntil(System.nanoTime() + PAUSE_MS * 1_000_000);
            }
        }
    }

    /** Works for so many seconds. Threads that hang after that are left behind. */
    private Worker whole(double seconds) throws Exception {
        long before = processTime();
        end = System.nanoTime() + (long) (seconds * 1e9);
        List<Worker> workers = new ArrayList<>();
        List<Thread> threads = new ArrayList<>();
        for (int number = 0; number < task.at; ++number) {
            Worker self = new Worker();
            int mine = number;
            Thread thread = new Thread(() -> work(self, mine));
            thread.setDaemon(true);
            workers.add(self);
            threads.add(thread);
            thread.start();
        }
        sleepUntil(end);
        cpu = processTime() - before;
        for (Thread thread : threads) {
            thread.join(Math.max(1, (end + GRACE_NS - System.nanoTime()) / 1_000_000));
        }
        Worker all = new Worker();
        for (Worker worker : workers) {
            worker.addTo(all, unfinished);
        }
        return all;
    }

    private static void sleepUntil(long when) {
        try {
            long left = when - System.nanoTime();
            if (left > 0) {
                Thread.sleep(left / 1_000_000, (int) (left % 1_000_000));
            }
        } catch (InterruptedException asked) {
            Thread.currentThread().interrupt();
        }
    }

    private static long processTime() {
        return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
                .getProcessCpuTime();
    }

    private static double quantile(long[] ordered, double share) {
        return ordered.length == 0
                ? 0
                : ordered[(int) Math.round(share * (ordered.length - 1))] / 1000.0;
    }

    private static String quoted(String text) {
        StringBuilder safe = new StringBuilder("\"");
        for (char each : text.toCharArray()) {
            safe.append(each == '"' || each == '\\' || each < ' ' ? '?' : each);
        }
        return safe.append('"').toString();
    }

    private String result(String version, Worker seen) {
        long[] waits = seen.waits.stream().mapToLong(Long::longValue).toArray();
        Arrays.sort(waits);
        return String.format(Locale.ROOT,
                "{\"peer\": \"%s\", \"version\": \"%s\", \"workload\": \"%s\", \"nodes\": %d, \"at\": %d,"
                        + " \"cycles\": %d, \"seconds\": %f, \"errors\": %d, \"error\": %s,"
                        + " \"unfinished\": %d, \"overlaps\": %d, \"acquire_us\": {\"median\": %f,"
                        + " \"p99\": %f, \"max\": %f}, \"cpu_us_a_cycle\": %f}",
                peer, version, task.workload, task.nodes.size(), task.at, seen.cycles, task.seconds,
                seen.errors, quoted(seen.error), unfinished.get(), seen.overlaps,
                quantile(waits, 0.5), quantile(waits, 0.99), quantile(waits, 1),
                cpu / 1000.0 / Math.max(seen.cycles, 1));
    }
}
