# Runs the library beside its peers on the servers that REDLOCK_NODES names, and reports: a table on the
# terminal, the record as JSON and one page as HTML. README.md, beside this file, tells of the contenders.
import argparse
import datetime
import json
import os
import pathlib
import platform
import signal
import sys

import contenders
import page
import record
import table
import turns

USAGE_ERROR = 64
WORKLOADS = ('cycles', 'hand-over', 'frozen')


def _numbers(text):
    numbers = [int(part) for part in text.split(',')]
    if not numbers or min(numbers) < 1:
        raise ValueError(text)
    return numbers


class Parser(argparse.ArgumentParser):
    def error(self, message):
        self.exit(USAGE_ERROR, f'{self.format_usage()}peers: {message}\n')


def _parser():
    parser = Parser(
        prog='./dev bench --peers',
        description='Measures the library beside other lock clients, on the same servers.')
    parser.add_argument('--only', metavar='NAME,NAME', help=f'peers: {", ".join(contenders.PEERS)};'
                        ' the floors and the library always take part')
    parser.add_argument('--seconds', type=float, default=3,
                        help='measured time of each contender in each line, by default 3')
    parser.add_argument('--rounds', type=int, default=3,
                        help='slices into which that time is divided, by default 3')
    parser.add_argument('--nodes', type=_numbers, default=[1, 3, 5], metavar='N,N',
                        help='by default 1,3,5')
    parser.add_argument('--at', type=_numbers, default=[1, 64], metavar='N,N',
                        help='cycles in progress, by default 1,64')
    parser.add_argument('--workloads', default=','.join(WORKLOADS), metavar='NAME,NAME',
                        help=f'of {", ".join(WORKLOADS)}; by default all')
    parser.add_argument('--commands', action='store_true',
                        help='print too what the servers received for one cycle')
    parser.add_argument('--json', type=pathlib.Path, default=contenders.PLACE / 'record.json',
                        help='where the record goes, by default build/peers/record.json')
    parser.add_argument('--html', type=pathlib.Path, default=contenders.PLACE / 'report.html',
                        help='where the page goes, by default build/peers/report.html')
    parser.add_argument('--from', dest='kept', type=pathlib.Path, metavar='FILE',
                        help='measure nothing: report what this record holds')
    parser.add_argument('--languages', action='store_true',
                        help='measure nothing: print the languages of the chosen peers')
    return parser


def _asked():
    parser = _parser()
    asked = parser.parse_args()
    asked.workloads = asked.workloads.split(',')
    if set(asked.workloads) - set(WORKLOADS):
        parser.error(f'--workloads is of {", ".join(WORKLOADS)}')
    if asked.rounds < 1 or asked.seconds / asked.rounds < 0.1:
        parser.error('a slice, --seconds over --rounds, has at least 0.1 s')
    try:
        asked.contenders = contenders.chosen(asked.only.split(',') if asked.only else None)
    except ValueError as mistake:
        parser.error(str(mistake))
    return asked


def _measure(asked):
    urls = [url for url in os.environ.get('REDLOCK_NODES', '').split(',') if url]
    nodes = [count for count in asked.nodes if count <= len(urls)]
    if not nodes:
        sys.exit('peers: REDLOCK_NODES names too few servers; for throwaway ones:'
                 ' build/bin/redlock local -n 5 -- python3 bench/peers/run.py')
    for count in set(asked.nodes) - set(nodes):
        print(f'peers: no lines for {count} nodes, of {len(urls)} servers', file=sys.stderr)
    contenders.PLACE.mkdir(parents=True, exist_ok=True)
    ready, lacking = contenders.prepare(asked.contenders)
    lines = turns.lines_of(nodes, asked.at, asked.workloads)
    return {
        'measured': datetime.datetime.now(datetime.timezone.utc).isoformat(timespec='seconds'),
        'machine': f'{platform.system()} {platform.release()}, {os.cpu_count()} processors',
        'seconds': asked.seconds,
        'rounds': asked.rounds,
        'lacking': lacking,
        'slices': turns.run_lines(ready, lines, urls, asked.seconds, asked.rounds),
    }


def _report(kept, asked):
    print(table.text_of(kept))
    if asked.commands:
        print(table.commands_of(kept))
    whole = {**kept, 'lines': record.lines_of(kept['slices'])}
    for path, text in ((asked.json, json.dumps(whole, indent=1) + '\n'),
                       (asked.html, page.html_of(kept))):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding='utf-8')
        print(f'peers: written to {path}', file=sys.stderr)


def main():
    # An end by a signal must pass through the code that lets a stopped server go on.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    asked = _asked()
    if asked.languages:
        print('\n'.join(dict.fromkeys(each.language for each in asked.contenders)))
        return 0
    kept = json.loads(asked.kept.read_text(encoding='utf-8')) if asked.kept else _measure(asked)
    _report(kept, asked)
    lines = record.lines_of(kept['slices'])
    ours = [each for line in lines for each in line['contenders']
            if each['contender'] in (*contenders.FLOORS, *contenders.OURS)]
    bad = [each for each in ours if each['errors'] or each['overlaps'] or each['failed']]
    return 1 if bad or any(each in kept['lacking'] for each in contenders.OURS) else 0


if __name__ == '__main__':
    sys.exit(main())
