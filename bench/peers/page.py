# The report as one page that opens from a file: a plot and a table for each line. No scripts and nothing
# from elsewhere; readable in a light and in a dark window. Pure: it gives text.
import html
import math

import record
import table

ROW = 26  # Height of a contender's row in a plot, in pixels.
LEFT, WIDTH, RIGHT = 190, 460, 170  # Names, the scale itself, figures.

STYLE = '''
:root { color-scheme: light dark; --page: #fcfcfb; --ink: #1c1c1a; --soft: #5f5e59; --rule: #dddcd6;
        --floor: #85847d; --peer: #2a78d6; --ours: #c2410c; }
@media (prefers-color-scheme: dark) {
  :root { --page: #191918; --ink: #f0efea; --soft: #a9a8a1; --rule: #3a3a37;
          --floor: #96958e; --peer: #5b9dea; --ours: #f08a4b; } }
body { background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, sans-serif;
       max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin: 2.5rem 0 .25rem; }
p, li, figcaption { color: var(--soft); } figure { margin: 0; overflow-x: auto; }
svg { display: block; max-width: 100%; height: auto; }
svg text { fill: var(--ink); font: 12px system-ui, sans-serif; } svg .soft { fill: var(--soft); }
.grid { stroke: var(--rule); } .span { stroke-width: 2; opacity: .5; }
.floor { fill: var(--floor); stroke: var(--floor); } .peer { fill: var(--peer); stroke: var(--peer); }
.ours { fill: var(--ours); stroke: var(--ours); }
details { margin: .5rem 0; } summary { cursor: pointer; color: var(--soft); }
.scroll { overflow-x: auto; } table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .15rem .7rem; text-align: right; border-bottom: 1px solid var(--rule);
         white-space: nowrap; }
th:first-child, td:first-child { text-align: left; padding-left: 0; } th { font-weight: 600; }
'''


def _kind(name):
    return 'floor' if name in record.FLOORS else 'ours' if name in record.OURS else 'peer'


class Scale:
    """A logarithmic axis: the contenders lie far apart, and ratios are what is compared."""

    def __init__(self, numbers):
        self.low = 10 ** math.floor(math.log10(min(numbers)))
        self.high = 10 ** math.ceil(math.log10(max(numbers)))
        if self.low == self.high:
            self.high *= 10

    def at(self, value):
        span = math.log10(self.high / self.low)
        return LEFT + WIDTH * math.log10(value / self.low) / span

    def marks(self):
        decade = self.low
        while decade <= self.high * 1.001:
            yield decade
            decade *= 10


def _short(value):
    for unit, name in ((1e6, 'M'), (1e3, 'k')):
        if value >= unit:
            return f'{value / unit:g}{name}'
    return f'{value:g}'


def _frame(scale, rows, unit):
    bottom = rows * ROW
    parts = []
    for mark in scale.marks():
        # The last one leaves room for the unit beside it.
        anchor = 'end' if mark > scale.high / 2 else 'middle'
        parts.append(f'<line class="grid" x1="{scale.at(mark):.1f}" x2="{scale.at(mark):.1f}" y1="0"'
                     f' y2="{bottom}"/><text class="soft" text-anchor="{anchor}"'
                     f' x="{scale.at(mark):.1f}" y="{bottom + 16}">{_short(mark)}</text>')
    parts.append(f'<text class="soft" x="{LEFT + WIDTH + 14}" y="{bottom + 16}">'
                 f'{html.escape(unit)}</text>')
    return parts


def plot_of(entries, unit):
    """`entries`: name, the figure or None, its least and largest value, and the figure as text."""
    known = [number for _, value, low, high, _ in entries if value
             for number in (value, low, high) if number > 0]
    if not known:
        return '<p>Nothing to show.</p>'
    scale = Scale(known)
    parts = _frame(scale, len(entries), unit)
    for row, (name, value, low, high, text) in enumerate(entries):
        middle = row * ROW + ROW / 2
        parts.append(f'<text text-anchor="end" x="{LEFT - 14}" y="{middle + 4}">'
                     f'{html.escape(name)}</text>')
        parts.append(f'<text x="{LEFT + WIDTH + 14}" y="{middle + 4}">{html.escape(text)}</text>')
        if not value:
            continue
        if low > 0 and high > low:
            parts.append(f'<line class="{_kind(name)} span" x1="{scale.at(low):.1f}"'
                         f' x2="{scale.at(high):.1f}" y1="{middle}" y2="{middle}"/>')
        parts.append(f'<circle class="{_kind(name)}" cx="{scale.at(value):.1f}" cy="{middle}" r="5">'
                     f'<title>{html.escape(name)}: {html.escape(text)}</title></circle>')
    size = f'{LEFT + WIDTH + RIGHT} {len(entries) * ROW + 24}'
    return f'<svg viewBox="0 0 {size}" width="{LEFT + WIDTH + RIGHT}" role="img">' \
           + ''.join(parts) + '</svg>'


def _rate_text(each):
    """With the ratio that a reader should compare, where there is one."""
    if not record.answered(each):
        return 'none'
    ratio = each['to_own_floor'] or each['to_healthy']
    return table.number(each['rate']) + (f' ({table.number(ratio, 2)})' if ratio else '')


def _rates(line):
    return [(each['contender'], each['rate'], min(each['rates'], default=0),
             max(each['rates'], default=0), _rate_text(each)) for each in line['contenders']]


def _waits(line):
    entries = []
    for each in line['contenders']:
        wait = each['acquire_us']['p99']
        value = wait / 1000 if wait else None
        entries.append((each['contender'], value, value or 0, value or 0,
                        table.milliseconds(wait) if wait else 'none'))
    return entries


def _table_of(line):
    head, rows = table.rows_of(line)
    cells = ''.join(f'<th>{html.escape(cell)}</th>' for cell in head)
    body = ''.join('<tr>' + ''.join(f'<td>{html.escape(cell)}</td>' for cell in row) + '</tr>'
                   for row in rows)
    return f'<div class="scroll"><table><tr>{cells}</tr>{body}</table></div>'


def _figure(caption, plot):
    return f'<figure><figcaption>{html.escape(caption)}</figcaption>{plot}</figure>'


def _section(line):
    unit = 'acquired a second' if line['workload'] == 'hand-over' else 'cycles a second'
    scale = {'cycles': 'a second (own floor: 1)', 'hand-over': 'a second',
             'frozen': 'a second (healthy: 1)'}[line['workload']]
    parts = [f'<h2>{html.escape(table.title_of(line))}</h2>',
             _figure(f'{unit.capitalize()}: more is better. The dot is the median of the slices, the'
                     ' bar reaches from the least to the largest.', plot_of(_rates(line), scale))]
    if line['workload'] == 'hand-over':
        parts.append(_figure('99 % of the waits were no longer than this, in milliseconds: less is'
                             ' better.', plot_of(_waits(line), 'ms')))
    parts.append(f'<details><summary>All figures</summary>{_table_of(line)}</details>')
    if line['drift'] is not None:
        parts.append('<p>The floors at the end of a round over those at its beginning:'
                     f' {line["drift"]:.2f}.</p>')
    return ''.join(parts)


def _list(title, items):
    if not items:
        return ''
    return f'<h2>{title}</h2><ul>' + ''.join(f'<li>{html.escape(each)}</li>' for each in items) \
           + '</ul>'


def html_of(kept):
    """The whole page of a kept run."""
    lines = record.lines_of(kept['slices'])
    about = (f'Measured {kept["measured"]} on {kept["machine"]}, servers and clients on this machine.'
             f' {kept["seconds"]:g} s for each contender in each line, in {kept["rounds"]} slices that'
             ' take turns. Floors are grey, the library stands out, its peers are blue. The scales are'
             ' logarithmic. Compare ratios, not rates.')
    lacking = [f'{name}: {why}' for name, why in kept['lacking'].items()]
    return ('<!doctype html><html lang="en"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width">'
            f'<title>redlock beside other libraries</title><style>{STYLE}</style></head><body>'
            f'<h1>redlock beside other libraries</h1><p>{html.escape(about)}</p>'
            + ''.join(map(_section, lines))
            + _list('To be known', record.violations(lines))
            + _list('Could not be had', lacking) + '</body></html>\n')
