# What the driver of the peers reckons and writes, from a kept record with made-up round numbers: the
# figures, both reports, the order of a round, and that it notices what is wrong. Needs no network, no
# server and no toolchain.  run_test.py
import copy
import html.parser
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(HERE))

import contenders  # noqa: E402
import page  # noqa: E402
import record  # noqa: E402
import servers  # noqa: E402
import table  # noqa: E402
import turns  # noqa: E402

KEPT = HERE / 'run_test_record.json'


def kept():
    return json.loads(KEPT.read_text(encoding='utf-8'))


def figures(slices, workload, contender):
    [line] = [each for each in record.lines_of(slices) if each['workload'] == workload]
    [found] = [each for each in line['contenders'] if each['contender'] == contender]
    return found


class Reckoning(unittest.TestCase):
    def test_a_rate_is_the_median_of_the_slices(self):
        self.assertEqual(figures(kept()['slices'], 'cycles', 'redlock')['rates'], [80, 100, 300])
        self.assertEqual(figures(kept()['slices'], 'cycles', 'redlock')['rate'], 100)

    def test_a_ratio_is_to_the_floors_of_the_same_round(self):
        # Own floors: 90 and 110, 200 and 200, 500 and 700; so 0.8, 0.5 and 0.5.
        self.assertAlmostEqual(figures(kept()['slices'], 'cycles', 'redlock')['to_own_floor'], 0.5)
        # Plain floors: 400 in each round; so 0.2, 0.25 and 0.75.
        self.assertAlmostEqual(figures(kept()['slices'], 'cycles', 'redlock')['to_plain_floor'],
                               0.25)

    def test_a_slice_that_failed_counts_neither_as_a_rate_nor_as_nothing(self):
        peer = figures(kept()['slices'], 'cycles', 'redsync')
        self.assertEqual(peer['rates'], [50, 60])
        self.assertEqual(peer['failed'], ['time-out'])

    def test_the_drift_is_that_of_the_floors(self):
        [cycles] = [each for each in record.lines_of(kept()['slices'])
                    if each['workload'] == 'cycles']
        self.assertAlmostEqual(cycles['drift'], 1)

    def test_a_frozen_node_is_compared_with_healthy_ones(self):
        slices = kept()['slices']
        self.assertAlmostEqual(figures(slices, 'frozen', 'redlock')['to_healthy'], 0.9)
        self.assertIsNone(figures(slices, 'frozen', 'redsync')['to_healthy'])
        self.assertFalse(record.answered(figures(slices, 'frozen', 'redsync')))

    def test_commands_are_told_for_one_cycle(self):
        self.assertEqual(figures(kept()['slices'], 'cycles', 'redlock')['commands_a_cycle'],
                         {'evalsha': 6})

    def test_what_no_lock_may_do_is_told(self):
        slices = kept()['slices']
        clean = record.violations(record.lines_of(slices))
        self.assertEqual(clean, ['redsync, cycles, nodes 3, at 64: time-out'])
        worse = copy.deepcopy(slices)
        for each in worse:
            if each['contender'] == 'redlock' and each['workload'] == 'hand-over':
                each['overlaps'] = 2
        self.assertIn('redlock, hand-over, nodes 3, at 64: two held the lock at once, 2 times',
                      record.violations(record.lines_of(worse)))


class Elements(html.parser.HTMLParser):
    """Counts what opens, and fails where something closes that is not open."""

    VOID = ('meta', 'line', 'circle')

    def __init__(self):
        super().__init__()
        self.open, self.seen, self.links, self.text = [], {}, [], []

    def handle_starttag(self, tag, attributes):
        self.seen[tag] = self.seen.get(tag, 0) + 1
        self.links += [value for name, value in attributes if name in ('src', 'href')]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.seen[tag] = self.seen.get(tag, 0) + 1

    def handle_endtag(self, tag):
        if tag != 'circle' and self.open.pop() != tag:
            raise AssertionError(f'</{tag}> closes something else')

    def handle_data(self, data):
        self.text.append(data)


class Reports(unittest.TestCase):
    def test_the_table_names_every_contender_and_what_was_lacking(self):
        text = table.text_of(kept())
        for words in ('Cycles, 3 nodes, 64 at once', 'redlock 0.1.0', 'redsync 4.18.1',
                      'Frozen, one of 3 nodes stopped', 'rslock: cargo is not installed'):
            self.assertIn(words, text)
        [row] = [line for line in text.splitlines() if line.startswith('redsync') and 'none' in line]
        self.assertEqual(row.split()[2], 'none')

    def test_the_page_stands_alone_and_is_well_formed(self):
        parsed = Elements()
        parsed.feed(page.html_of(kept()))
        self.assertEqual(parsed.open, [])
        self.assertEqual(parsed.links, [])
        self.assertNotIn('script', parsed.seen)
        self.assertEqual(parsed.seen['svg'], 4)  # One for each line, and the waits of the hand-over.
        self.assertEqual(parsed.seen['table'], 3)
        self.assertIn('prefers-color-scheme', ''.join(parsed.text))

    def test_names_cannot_break_the_page(self):
        changed = kept()
        changed['lacking'] = {'<b>': 'a & b'}
        self.assertIn('&lt;b&gt;: a &amp; b', page.html_of(changed))

    def test_a_dot_lies_where_its_figure_says(self):
        scale = page.Scale([10, 1000])
        self.assertAlmostEqual(scale.at(10), page.LEFT)
        self.assertAlmostEqual(scale.at(100), page.LEFT + page.WIDTH / 2)
        self.assertEqual([round(mark) for mark in scale.marks()], [10, 100, 1000])

    def test_the_program_writes_both_reports_of_a_kept_run(self):
        with tempfile.TemporaryDirectory() as folder:
            paths = [f'{folder}/new/out.json', f'{folder}/new/out.html']
            done = subprocess.run(
                [sys.executable, '-B', str(HERE / 'run.py'), '--from', str(KEPT), '--json', paths[0],
                 '--html', paths[1], '--commands'], capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn('evalsha 6.00', done.stdout)
            written = json.loads(pathlib.Path(paths[0]).read_text(encoding='utf-8'))
            self.assertEqual(written['lines'], record.lines_of(kept()['slices']))
            self.assertEqual(pathlib.Path(paths[1]).read_text(encoding='utf-8'),
                             page.html_of(kept()))

    def test_the_program_refuses_what_it_does_not_know(self):
        for arguments in (['--only', 'nobody'], ['--nodes', '0'], ['--workloads', 'sleep']):
            done = subprocess.run([sys.executable, '-B', str(HERE / 'run.py'), *arguments],
                                  capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 64, done.stderr)


class Turns(unittest.TestCase):
    def test_floors_are_first_and_last_in_each_round(self):
        everybody = contenders.chosen(None)
        for turn in range(3):
            names = [each.name for each, _ in
                     turns.order_of(everybody, turns.Line('cycles', 1, 1), turn)]
            self.assertEqual(names[:2], ['plain-floor', 'own-floor'])
            self.assertEqual(names[-2:], ['own-floor', 'plain-floor'])
            self.assertEqual(sorted(names[2:-2]),
                             sorted((*contenders.OURS, *contenders.PEERS)))

    def test_each_meets_healthy_nodes_just_before_a_frozen_one(self):
        everybody = contenders.chosen(['redsync'])[2:]
        order = turns.order_of(everybody, turns.Line('frozen', 3, 64), 0)
        self.assertEqual([(each.name, place) for each, place in order],
                         [('redlock', 'healthy'), ('redlock', 'frozen'),
                          ('redlock-unfenced', 'healthy'), ('redlock-unfenced', 'frozen'),
                          ('redsync', 'healthy'),
                          ('redsync', 'frozen')])

    def test_who_knows_one_server_is_not_asked_for_three(self):
        by_name = {each.name: each for each in contenders.CONTENDERS}
        three, one = turns.Line('cycles', 3, 1), turns.Line('cycles', 1, 1)
        self.assertTrue(turns.takes_part(by_name['redis-py'], one))
        self.assertFalse(turns.takes_part(by_name['redis-py'], three))
        self.assertFalse(turns.takes_part(by_name['own-floor'], turns.Line('hand-over', 1, 64)))

    def test_a_frozen_node_comes_last_and_only_with_three(self):
        workloads = ['cycles', 'hand-over', 'frozen']
        self.assertEqual(turns.lines_of([1, 3], [1, 64], workloads)[-1],
                         turns.Line('frozen', 3, 64))
        self.assertNotIn('frozen', [each.workload for each in turns.lines_of([1], [1], workloads)])

    def test_a_program_that_hangs_or_ends_is_told(self):
        line = turns.Line('cycles', 1, 1)
        for program, why in ((['sh', '-c', 'echo broken >&2'], 'ended: broken'),
                             (['sh', '-c', 'echo no'], 'did not say that it is ready')):
            contender = contenders.Contender('x', 'c++', (*program, 'sh'), 0)
            self.assertEqual(turns.run_slice(contender, line, ['redis://nowhere'], 1),
                             {'failed': why})
        hanging = turns.Program(['sleep', '60'])
        with self.assertRaisesRegex(turns.Silent, 'time-out'):
            hanging.line(0.05)
        hanging.end()

    def test_counts_of_commands_are_read(self):
        said = '# Commandstats\r\ncmdstat_set:calls=7,usec=9\r\ncmdstat_client|info:calls=2,usec=1\r\n'
        self.assertEqual(servers.counts_in(said), {'set': 7, 'client|info': 2})
        self.assertEqual(servers.difference({'set': 7, 'get': 1, 'info': 5}, {'set': 3, 'get': 1}),
                         {'set': 4})


if __name__ == '__main__':
    unittest.main()
