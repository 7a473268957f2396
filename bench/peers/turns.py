# Runs the contenders, one process after the other: in each round each has one slice, the floors a
# second one at the end. What a contender says is kept as it is, in one slice a run.
import contextlib
import dataclasses
import json
import queue
import subprocess
import sys
import threading
import time

import servers

START_LIMIT = 60  # Seconds from the start of a program until it is warm, beyond its warm-up.
END_LIMIT = 10  # Beyond the measured time: the programs give what hangs three seconds.


@dataclasses.dataclass(frozen=True)
class Line:
    """A line of the table: what all contenders are asked to do."""
    workload: str
    nodes: int
    at: int

    def names(self):
        """As many as the library's own benchmark has."""
        return 1024 if self.at == 1 else self.at * 256


def lines_of(nodes, at_once, workloads):
    """The lines in their order. Frozen comes last: the stopped node may keep locks that nobody has."""
    lines = [Line('cycles', count, at) for at in at_once for count in nodes
             if 'cycles' in workloads]
    lines += [Line('hand-over', count, 64) for count in nodes
              if count <= 3 and 'hand-over' in workloads]
    if 3 in nodes and 'frozen' in workloads:
        lines.append(Line('frozen', 3, 64))
    return lines


def takes_part(contender, line):
    return (contender.several or line.nodes == 1) and (contender.locks or line.workload == 'cycles')


def order_of(contenders, line, turn):
    """One round: the floors first and last, and another peer begins each time. With a frozen node each
    runs with healthy ones just before."""
    if line.workload == 'frozen':
        return [(each, place) for each in contenders for place in ('healthy', 'frozen')]
    floors = [each for each in contenders if not each.locks]
    others = [each for each in contenders if each.locks]
    shift = turn % max(len(others), 1)
    return ([(each, 'first') for each in floors]
            + [(each, 'only') for each in others[shift:] + others[:shift]]
            + [(each, 'last') for each in reversed(floors)])


class Silent(Exception):
    """A program did not say what it should; the text tells what it did instead."""


class Program:
    """A contender's process. Its output is read by a thread, so that no wait is without an end."""

    def __init__(self, command):
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                         stderr=subprocess.PIPE, text=True)
        self._lines = queue.Queue()
        self._complaint = []
        self._readers = [threading.Thread(target=self._read, daemon=True),
                         threading.Thread(target=self._read_errors, daemon=True)]
        for each in self._readers:
            each.start()

    def _read(self):
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put(None)

    def _read_errors(self):
        for line in self._process.stderr:
            self._complaint.append(line.strip())

    def line(self, seconds):
        try:
            line = self._lines.get(timeout=seconds)
        except queue.Empty:
            raise Silent('time-out') from None
        if line is None:
            self._readers[1].join(timeout=1)
            said = [each for each in self._complaint if each]
            raise Silent(f'ended: {said[-1] if said else "without a word"}')
        return line

    def go(self):
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write('\n')
            self._process.stdin.flush()

    def end(self):
        self._process.kill()
        self._process.wait()
        for each in self._readers:
            each.join()
        # What could not be written to it any more is of no interest.
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.stdout.close()
        self._process.stderr.close()


def _arguments(line, urls, seconds, warm_up):
    return ['--nodes', ','.join(urls), '--workload', line.workload, '--at', str(line.at),
            '--names', str(line.names()), '--seconds', str(seconds), '--warm-up', str(warm_up)]


def run_slice(contender, line, urls, seconds, freeze=False):
    """What the program prints, with the commands that the servers received meanwhile."""
    program = Program([*contender.command, *_arguments(line, urls, seconds, contender.warm_up)])
    try:
        if program.line(START_LIMIT + contender.warm_up).strip() != 'ready':
            raise Silent('did not say that it is ready')
        before = servers.commands(urls)
        # Until the server goes on again nobody may ask it.
        with servers.frozen(urls[-1]) if freeze else contextlib.nullcontext():
            program.go()
            result = json.loads(program.line(seconds + END_LIMIT))
            program.end()
        result['commands'] = servers.difference(servers.commands(urls), before)
        return result
    except (Silent, ValueError) as problem:
        return {'failed': str(problem)}
    finally:
        program.end()


def run_lines(contenders, lines, urls, seconds, rounds):
    """All slices of all lines, each with the contender, the line and its place in the round."""
    slices = []
    for line in lines:
        taking_part = [each for each in contenders if takes_part(each, line)]
        # Once: a lock that a stopped node keeps would be in the way of a second round.
        turns = 1 if line.workload == 'frozen' else rounds
        begun = time.monotonic()
        for turn in range(turns):
            for contender, place in order_of(taking_part, line, turn):
                result = run_slice(contender, line, urls[:line.nodes], seconds / turns,
                                   freeze=place == 'frozen')
                slices.append({'contender': contender.name, 'round': turn, 'place': place,
                               **result, **dataclasses.asdict(line)})
        print(f'peers: {line.workload}, nodes {line.nodes}, at {line.at}:'
              f' {time.monotonic() - begun:.0f} s', file=sys.stderr, flush=True)
    return slices
