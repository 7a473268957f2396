# The report on the terminal: one table for each line, in words and numbers. Pure: it gives text.
import record


def number(value, digits=0):
    return '-' if value is None else f'{value:,.{digits}f}'


def milliseconds(microseconds, digits=2):
    return number(None if microseconds is None else microseconds / 1000, digits)


def title_of(line):
    nodes = f'{line["nodes"]} node' + ('s' if line['nodes'] > 1 else '')
    return {
        'cycles': f'Cycles, {nodes}, {line["at"]} at once',
        'hand-over': f'Hand-over, {nodes}, {line["at"]} contenders for one lock',
        'frozen': f'Frozen, one of {nodes} stopped, {line["at"]} at once',
    }[line['workload']]


def _cycles_row(each):
    return [number(each['rate']), number(each['to_plain_floor'], 2),
            number(each['to_own_floor'], 2), number(each['acquire_us']['median']),
            number(each['acquire_us']['p99']), number(each['cpu_us_a_cycle'], 1),
            number(each['errors'])]


def _hand_over_row(each):
    wait = each['acquire_us']
    return [number(each['rate']), milliseconds(wait['median']), milliseconds(wait['p99']),
            milliseconds(wait['max']), 'YES' if each['overlaps'] else 'no',
            number(each['unfinished']), number(each['errors'])]


def _frozen_row(each):
    if not record.answered(each):
        return ['none', '-', '-', '-', number(each['unfinished']), number(each['errors'])]
    return [number(each['rate']), number(each['to_healthy'], 2),
            milliseconds(each['acquire_us']['median']), milliseconds(each['acquire_us']['p99']),
            number(each['unfinished']), number(each['errors'])]


COLUMNS = {
    'cycles': (['a second', '/ plain', '/ own', 'acquire, us', 'p99', 'cpu, us', 'errors'],
               _cycles_row),
    'hand-over': (['acquired/s', 'wait, ms', 'p99', 'max', 'two at once', 'unfinished', 'errors'],
                  _hand_over_row),
    'frozen': (['a second', '/ healthy', 'acquire, ms', 'p99', 'unfinished', 'errors'],
               _frozen_row),
}


def rows_of(line):
    """The head and the cells of a line's table, as text; a version stands beside its contender."""
    head, row = COLUMNS[line['workload']]
    rows = []
    for each in line['contenders']:
        cells = row(each) if each['rate'] is not None or line['workload'] == 'frozen' \
            else ['none'] + ['-'] * (len(head) - 1)
        rows.append([f'{each["contender"]} {each["version"] or ""}'.strip(), *cells])
    return ['', *head], rows


def _aligned(head, rows):
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    for row in [head, *rows]:
        first, *rest = row
        yield '  '.join([first.ljust(widths[0]),
                         *(cell.rjust(width) for cell, width in zip(rest, widths[1:]))]).rstrip()


def text_of(kept):
    """The whole report of a kept run."""
    lines = record.lines_of(kept['slices'])
    parts = []
    for line in lines:
        parts += [title_of(line), *_aligned(*rows_of(line))]
        if line['drift'] is not None:
            parts.append(f'the floors at the end over those at the beginning: {line["drift"]:.2f}')
        parts.append('')
    found = record.violations(lines)
    if found:
        parts += ['To be known:', *(f'  {each}' for each in found), '']
    if kept['lacking']:
        parts += ['Could not be had:',
                  *(f'  {name}: {why}' for name, why in kept['lacking'].items()), '']
    return '\n'.join(parts)


def commands_of(kept):
    """What the servers received for one cycle, by contender: proof that each does what is said."""
    parts = []
    for line in record.lines_of(kept['slices']):
        parts.append(title_of(line))
        for each in line['contenders']:
            said = ', '.join(f'{name} {calls:.2f}'
                             for name, calls in each['commands_a_cycle'].items() if calls >= 0.005)
            parts.append(f'  {each["contender"]}: {said or "none"}')
        parts.append('')
    return '\n'.join(parts)
