# Who takes part: the floors, the library and its peers; how each is made ready, in a folder of its own
# under build/peers, and by which command it runs. What cannot be made ready is told by a Lack.
import dataclasses
import pathlib
import shutil
import subprocess
import sys
import venv

import record

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BUILD = ROOT / 'build'
PLACE = BUILD / 'peers'

FLOORS, OURS = record.FLOORS, record.OURS


class Lack(Exception):
    """A contender cannot be had here; the text tells why."""


@dataclasses.dataclass(frozen=True)
class Contender:
    name: str
    language: str
    command: tuple  # Without the protocol's arguments.
    warm_up: float  # Seconds; a program that compiles itself while it runs needs more.
    several: bool = True  # It can lock several nodes.
    locks: bool = True  # It has lock logic, so it can hand over and meet a frozen node.


def _cpp(contender):
    return (str(BUILD / 'bin/redlock_peer'), '--contender', contender)


def _node(program):
    return ('node', str(PLACE / 'node' / program))


def _python(peer, program):
    return (str(PLACE / 'python' / peer / 'bin/python'), str(HERE / 'python' / program))


def _go(program):
    return (str(PLACE / 'go/bin' / program),)


_JAVA = PLACE / 'java/target'

CONTENDERS = (
    Contender('plain-floor', 'c++', _cpp('plain-floor'), 0.3, locks=False),
    Contender('own-floor', 'c++', _cpp('own-floor'), 0.3, locks=False),
    Contender('redlock', 'c++', _cpp('redlock'), 0.3),
    Contender('redlock-unfenced', 'c++', _cpp('redlock-unfenced'), 0.3),
    Contender('redis-plus-plus', 'redis++', (str(BUILD / 'bin/redis_plus_plus_peer'),), 0.3),
    Contender('node-redlock-4', 'node', _node('redlock4.js'), 1),
    Contender('node-redlock-5', 'node', _node('redlock5.js'), 1),
    Contender('redlock-universal', 'node', _node('redlock_universal.js'), 1),
    Contender('redlock-python', 'python', _python('redlock-python', 'peer_redlock_python.py'), 0.5),
    Contender('aioredlock', 'python', _python('aioredlock', 'peer_aioredlock.py'), 0.5),
    Contender('pottery', 'python', _python('pottery', 'peer_pottery.py'), 0.5),
    Contender('redlock-ng', 'python', _python('redlock-ng', 'peer_redlock_ng.py'), 0.5),
    Contender('redis-py', 'python', _python('redis-py', 'peer_redis_py.py'), 0.5, several=False),
    Contender('redsync', 'go', _go('redsync'), 0.5),
    Contender('rueidislock', 'go', _go('rueidislock'), 0.5, several=False),
    Contender('bsm-redislock', 'go', _go('redislock'), 0.5, several=False),
    Contender('rslock', 'rust', (str(PLACE / 'rust/target/release/peer_rslock'),), 0.5),
    Contender('redisson', 'java',
              ('java', '-cp', f'{_JAVA}/classes:{_JAVA}/dependency/*', 'PeerRedisson'), 4),
)
PEERS = tuple(each.name for each in CONTENDERS if each.name not in (*FLOORS, *OURS))


def chosen(names):
    """The floors, the library, and of the peers those named; all if none is."""
    unknown = set(names or ()) - set(PEERS) - set(OURS)
    if unknown:
        raise ValueError(f'no such peer: {", ".join(sorted(unknown))}; there are {", ".join(PEERS)}')
    return [each for each in CONTENDERS
            if each.name not in PEERS or names is None or each.name in names]


def _need(*tools):
    for tool in tools:
        if shutil.which(tool) is None:
            raise Lack(f'{tool} is not installed')


def _run(command, folder):
    """Quiet unless it fails. A preparation may take long: it downloads and compiles."""
    try:
        done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=1800)
    except subprocess.TimeoutExpired:
        raise Lack(f'{command[0]} took longer than half an hour') from None
    if done.returncode != 0:
        said = (done.stderr + done.stdout).strip().splitlines()
        # The first complaint tells more than the advice that some tools end with.
        why = next((line for line in said if 'error' in line.lower()), said[-1] if said else 'failed')
        raise Lack(f'{" ".join(map(str, command[:3]))}: {why.strip()}')


def _copied(language):
    """The sources of a language where its tools may write beside them."""
    folder = PLACE / language
    shutil.copytree(HERE / language, folder, dirs_exist_ok=True)
    return folder


def _prepare_cpp(_):
    _need('cmake')
    _run(['cmake', '--build', str(BUILD), '--target', 'redlock_peer'], ROOT)


def _prepare_redis_plus_plus(_):
    _need('cmake')
    # CMake looks for the library anew, and has the target only where it finds it.
    _run(['cmake', '-S', str(ROOT), '-B', str(BUILD)], ROOT)
    listed = subprocess.run(['cmake', '--build', str(BUILD), '--target', 'help'], cwd=ROOT,
                            capture_output=True, text=True, check=False).stdout
    if 'redis_plus_plus_peer' not in listed:
        raise Lack('libredis++ is not installed, and this release of Debian may not have it')
    _run(['cmake', '--build', str(BUILD), '--target', 'redis_plus_plus_peer'], ROOT)


def _prepare_node(_):
    _need('node', 'npm')
    _run(['npm', 'install', '--no-audit', '--no-fund', '--loglevel', 'error'], _copied('node'))


def _prepare_python(peer):
    folder = PLACE / 'python' / peer
    try:
        if not (folder / 'bin/pip').exists():
            venv.create(folder, with_pip=True, clear=True)
    except subprocess.CalledProcessError:
        raise Lack('this python3 cannot make a virtual environment') from None
    _run([str(folder / 'bin/pip'), 'install', '--quiet', '--disable-pip-version-check',
          *_packages(peer)], folder)


def _packages(peer):
    """What pip is to install: our own package as it is built here, a peer's from PyPI."""
    if peer != 'redlock-python':
        return ['--requirement', str(HERE / 'python' / f'requirements-{peer}.txt')]
    _run(['./dev', 'wheel'], ROOT)
    return ['--no-index', '--find-links', str(ROOT / 'python/dist'), '--force-reinstall',
            'asio-redlock']


def _prepare_go(_):
    _need('go')
    folder = _copied('go')
    (folder / 'bin').mkdir(exist_ok=True)
    _run(['go', 'build', '-o', f'{folder}/bin/', './redsync', './rueidislock', './redislock'],
         folder)


def _prepare_rust(_):
    _need('cargo')
    _run(['cargo', 'build', '--release', '--quiet'], _copied('rust'))


def _prepare_java(_):
    _need('java', 'mvn')
    _run(['mvn', '--quiet', '--batch-mode', 'package', 'dependency:copy-dependencies'],
         _copied('java'))


_PREPARE = {
    'c++': _prepare_cpp,
    'redis++': _prepare_redis_plus_plus,
    'node': _prepare_node,
    'python': _prepare_python,
    'go': _prepare_go,
    'rust': _prepare_rust,
    'java': _prepare_java,
}


def prepare(contenders):
    """Result: those that are ready, and for the others why not, by name."""
    ready, lacking, told = [], {}, {}
    for each in contenders:
        # What one preparation did or lacked holds for all of a language, but for Python's.
        key = each.name if each.language == 'python' else each.language
        if key not in told:
            print(f'peers: preparing {key}', file=sys.stderr, flush=True)
            try:
                _PREPARE[each.language](each.name)
                told[key] = None
            except Lack as lack:
                told[key] = str(lack)
        if told[key] is None:
            ready.append(each)
        else:
            lacking[each.name] = told[key]
    return ready, lacking
