"""The completions in real shells: that each offers the options that --help shows, the values of options,
files, and the names of locks; that they say nothing and do not wait when the nodes do not answer.

usage: redlock local -n 3 -- completions_test.py REDLOCK ROOT
"""
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile

from shells import Shells

redlock, root = sys.argv[1:]
subcommands = ["run", "acquire", "extend", "release", "status", "leader", "list", "vouch", "doctor",
               "config check", "explain", "local", "demo"]
problems = []
checks = 0


def expect(found, wanted, what):
    global checks
    checks += 1
    if sorted(found) != sorted(wanted):
        problems.append(f"{what}: {sorted(found)} and not {sorted(wanted)}")


def expect_among(found, wanted, what):
    global checks
    checks += 1
    if wanted not in found:
        problems.append(f"{what}: no {wanted!r} among {sorted(found)[:20]}")


def run(*arguments):
    return subprocess.run([redlock, *arguments], capture_output=True, text=True, timeout=60,
                          check=True).stdout


def options_in_help(subcommand):
    found = set()
    for line in run(*subcommand.split(), "--help").splitlines():
        if re.match(r"  --?\w", line):
            found.update(line.strip().split(" ")[0].split(","))
    return found


def subcommands_in_help():
    part = run("--help").split("\nSubcommands:\n")[1].split("\n\n")[0]
    return re.findall(r"^  (\S+)", part, re.M)


def options(shells):
    for name, complete in shells.all().items():
        expect(complete("redlock "), subcommands_in_help() + ["help"], f"{name}: subcommands")
        expect(complete("redlock help sta"), ["status"], f"{name}: help")
        expect(complete("redlock config "), ["check"], f"{name}: config")
        for each in subcommands:
            wanted = options_in_help(each) | ({"--"} if each in ("run", "local") else set())
            # fish shows short options only behind a single dash; so ask for both.
            found = set(complete(f"redlock {each} -")) | set(complete(f"redlock {each} --"))
            expect(found, wanted, f"{name}: options of {each}")
        expect(complete("redlock --verb"), ["--verbose"], f"{name}: before the subcommand")
        expect(complete("redlock --nodes x stat"), ["status"], f"{name}: behind an option")


def values(shells):
    for name, complete in shells.all().items():
        expect(complete("redlock run --on-lost "), ["term", "kill", "warn"], f"{name}: values")
        expect(complete("redlock run -w "), ["forever"], f"{name}: a word beside a duration")
        expect(complete("redlock run --lease-time "), [], f"{name}: a duration")
        expect(complete("redlock run job "), ["--"], f"{name}: behind the name")
        expect(complete("redlock explain no_q"), ["no_quorum"], f"{name}: codes")
        expect(complete("redlock explain 12"), ["124", "126", "127", "128"], f"{name}: statuses")
        found = complete("redlock run --on-lost=wa")
        expect(found, ["warn" if name == "bash" else "--on-lost=warn"], f"{name}: behind a sign")
        schemes = complete("redlock run --nodes redis+s")
        expect(schemes, ["redis+sentinel://"], f"{name}: forms of URLs")


def files(shells):
    with open(os.path.join(shells.home, "locks.toml"), "w", encoding="utf-8"):
        pass
    expect_among(shells.bash("redlock status --config lo"), "locks.toml", "bash: files")
    expect_among(shells.bash("redlock status --config=lo"), "locks.toml", "bash: files behind a sign")
    expect(shells.zsh("redlock status --config lo"), ["FILES"], "zsh: files")
    expect_among(shells.fish("redlock status --config lo"), "locks.toml", "fish: files")
    expect_among(shells.fish("redlock status --config=lo"), "--config=locks.toml", "fish: files behind a sign")
    expect_among(shells.bash("redlock local --server bas"), "bash", "bash: programs")
    expect(shells.zsh("redlock local --server bas"), ["PROGRAMS"], "zsh: programs")
    expect_among(shells.fish("redlock local --server bas"), "bash", "fish: programs")


def commands(shells):
    expect_among(shells.bash("redlock run -n job -- bas"), "bash", "bash: the command")
    expect(shells.zsh("redlock run -n job -- bas"), ["COMMAND 1 bas"], "zsh: the command")
    expect(shells.zsh("redlock run job -- ls -l x"), ["COMMAND 3 ls -l x"], "zsh: its arguments")
    expect_among(shells.fish("redlock run -n job -- bas"), "bash", "fish: the command")
    expect_among(shells.fish("redlock run -n job -- cat lo"), "locks.toml", "fish: its arguments")


def resources(shells):
    for each in ("orders:42", "orders:7", "nightly report"):
        run("acquire", "--lease-time", "60s", each)
    run("acquire", "--lease-time", "60s", "--permits", "2", "gpu")
    for name, complete in shells.all().items():
        begun = "" if name == "bash" else "orders:"
        for line in ("status", "run -n", "acquire", "leader", "doctor --resource", "run a --also"):
            expect(complete(f"redlock {line} orders:"), [begun + "42", begun + "7"], f"{name}: {line}")
        quoted = {"bash": "nightly\\ report", "zsh": "nightly report", "fish": "nightly report"}[name]
        expect(complete("redlock status n"), [quoted], f"{name}: a blank in a name")
        expect(complete("redlock status --permits 2 g"), ["gpu"], f"{name}: a semaphore")
        expect(complete("redlock extend orders:7 "), [], f"{name}: a token")


def silent_nodes(shells, home):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        mute = Shells(redlock, root, home, REDLOCK_NODES=f"redis://127.0.0.1:{silent.getsockname()[1]}")
        for name, complete in mute.all().items():
            expect(complete("redlock status "), [], f"{name}: nodes that are silent")
            expect(complete("redlock status --js"), ["--json"], f"{name}: options are asked of nobody")
    for nodes in ("", "redis://127.0.0.1:1", "not a URL"):
        for name, complete in Shells(redlock, root, home, REDLOCK_NODES=nodes).all().items():
            expect(complete("redlock status "), [], f"{name}: REDLOCK_NODES={nodes!r}")
    for name, complete in shells.all().items():
        expect(complete("redlock status --config /nonexistent "), [], f"{name}: no such configuration")


def unnamed_nodes(home):
    """The default is no configuration: nobody is asked."""
    for name, complete in Shells(redlock, root, home).all().items():
        expect(complete("redlock status "), [], f"{name}: without a configuration")


def keys(shells):
    """What somebody types on a terminal, with the tab key, becomes the line that is run."""
    for shell in shells.all():
        with shells.on_terminal(shell) as terminal:
            terminal.type("redlock explain no_quo\t\r")
            terminal.wait_for("Message:  too few nodes answered for a majority")
            terminal.type("redlock status --js\torders:4\t\r")
            terminal.wait_for('"resource":"orders:42"')
            terminal.type("redlock status --json night\t\r")
            terminal.wait_for('"resource":"nightly report"')
            terminal.type("redlock config check --config=loc\t\r")
            terminal.wait_for("locks.toml")
        global checks
        checks += 4


lacking = [each for each in ("bash", "zsh", "fish") if shutil.which(each) is None]
if lacking:
    sys.exit(f"please install: {' '.join(lacking)}")
with tempfile.TemporaryDirectory() as folder:
    here = Shells(redlock, root, folder, REDLOCK_NODES=os.environ["REDLOCK_NODES"])
    options(here)
    values(here)
    files(here)
    commands(here)
    resources(here)
    silent_nodes(here, folder)
    unnamed_nodes(folder)
    keys(here)
print("\n".join(problems))
print(f"completions: {checks} checks, {len(problems)} problems")
sys.exit(1 if problems else 0)
