# What a run of the peers comes to: from its slices, kept as the programs told them, to one figure for
# each contender and line. Pure: it reads no clock, no file and no server.
import statistics

FLOORS = ('plain-floor', 'own-floor')
OURS = ('redlock', 'redlock-unfenced')


def _median(numbers):
    return statistics.median(numbers) if numbers else None


def _rate(piece):
    return piece['cycles'] / piece['seconds']


def _ratios(slices, pieces, floor):
    """Each slice over the mean of the floor's slices of its round."""
    ratios = []
    for piece in pieces:
        beside = [_rate(each) for each in slices
                  if each['contender'] == floor and each['round'] == piece['round']
                  and 'failed' not in each]
        if beside and statistics.mean(beside) > 0:
            ratios.append(_rate(piece) / statistics.mean(beside))
    return ratios


def _commands(pieces):
    """Calls of each command for one cycle, on all servers together."""
    cycles = sum(piece['cycles'] for piece in pieces)
    total = {}
    for piece in pieces:
        for name, calls in piece.get('commands', {}).items():
            total[name] = total.get(name, 0) + calls
    return {name: calls / cycles for name, calls in total.items()} if cycles else {}


def _to_healthy(slices, own):
    """The rate with a node stopped over that with all of them, just before."""
    healthy = _median([_rate(each) for each in slices
                       if each['contender'] == own[0]['contender'] and each['place'] == 'healthy'
                       and 'failed' not in each])
    frozen = _median([_rate(each) for each in own if 'failed' not in each])
    return frozen / healthy if healthy and frozen else None


def figures_of(slices, contender):
    """One contender in one line; `slices` are those of the line, of all contenders."""
    own = [each for each in slices
           if each['contender'] == contender and each['place'] != 'healthy']
    pieces = [each for each in own if 'failed' not in each]
    # A cycle that did not come about has neither a duration nor a cost.
    done = [each for each in pieces if each['cycles'] > 0]
    rates = [_rate(each) for each in pieces]
    return {
        'contender': contender,
        'version': next((each['version'] for each in pieces), None),
        'slices': len(own),
        'failed': [each['failed'] for each in own if 'failed' in each],
        'rates': rates,
        'rate': _median(rates),
        'to_plain_floor': _median(_ratios(slices, pieces, 'plain-floor')),
        'to_own_floor': _median(_ratios(slices, pieces, 'own-floor')),
        'to_healthy': _to_healthy(slices, own),
        'acquire_us': {
            'median': _median([each['acquire_us']['median'] for each in done]),
            'p99': _median([each['acquire_us']['p99'] for each in done]),
            'max': max((each['acquire_us']['max'] for each in pieces), default=None),
        },
        'cpu_us_a_cycle': _median([each['cpu_us_a_cycle'] for each in done]),
        'errors': sum(each['errors'] for each in pieces),
        'error': next((each['error'] for each in pieces if each['error']), ''),
        'unfinished': sum(each['unfinished'] for each in pieces),
        'overlaps': sum(each['overlaps'] for each in pieces),
        'commands_a_cycle': _commands(pieces),
    }


def drift_of(slices):
    """The floors' last slices over their first ones: what the machine itself did meanwhile."""
    ratios = []
    for first in slices:
        if first['contender'] not in FLOORS or first['place'] != 'first' or 'failed' in first:
            continue
        ratios += [_rate(last) / _rate(first) for last in slices
                   if last['contender'] == first['contender'] and last['round'] == first['round']
                   and last['place'] == 'last' and 'failed' not in last and first['cycles']]
    return _median(ratios)


def line_key(piece):
    return piece['workload'], piece['nodes'], piece['at']


def lines_of(slices):
    """All lines in the order in which they were measured, contenders in the order of the first round."""
    lines = []
    for key in dict.fromkeys(map(line_key, slices)):
        here = [each for each in slices if line_key(each) == key]
        names = list(dict.fromkeys(each['contender'] for each in here if each['round'] == 0))
        workload, nodes, at = key
        lines.append({'workload': workload, 'nodes': nodes, 'at': at, 'drift': drift_of(here),
                      'contenders': [figures_of(here, name) for name in names]})
    return lines


def answered(figures):
    """False if nothing was done: every program hung or ended, or none of them made a cycle."""
    return bool(figures['rate'])


def violations(lines):
    """What no lock may do, and what makes figures worthless, in words."""
    found = []
    for line in lines:
        where = f'{line["workload"]}, nodes {line["nodes"]}, at {line["at"]}'
        for each in line['contenders']:
            if each['overlaps']:
                found.append(f'{each["contender"]}, {where}: two held the lock at once,'
                             f' {each["overlaps"]} times')
            if each['errors']:
                found.append(f'{each["contender"]}, {where}: {each["errors"]} errors;'
                             f' one of them: {each["error"] or "no text"}')
            found += [f'{each["contender"]}, {where}: {why}' for why in
                      dict.fromkeys(each['failed'])]
    return found
