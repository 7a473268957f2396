"""Runs the shell commands of each page of docs/tutorial as they stand, all of a page in one shell with
throwaway servers, and compares what they print with the fence for text behind them. Without such a fence
they must print nothing. Numbers and tokens may differ. A command below <!-- start --> is not run.

usage: tutorial_test.py REDLOCK TUTORIAL_FOLDER
"""

from __future__ import annotations

import difflib
import os
import pathlib
import re
import subprocess
import sys
import tempfile

FENCE = re.compile(r"(<!-- start -->\n)?^```(\w*)\n(.*?)^```$", re.M | re.S)
DEADLINE = 120  # seconds for one page


def steps_of(page: str) -> list[tuple[str, str]]:
    """The pieces of shell that a page shows, each with what it is said to print."""
    steps: list[tuple[str, str]] = []
    for start, language, body in FENCE.findall(page):
        if language == "sh" and not start:
            steps.append((body, ""))
        elif language == "text":
            if not steps or steps[-1][1]:
                raise ValueError("an output without a command before it:\n" + body)
            steps[-1] = (steps[-1][0], body)
    return steps


def without_numbers(text: str) -> list[str]:
    text = re.sub(r"\b\d+-[0-9a-f]{32}\b", "TOKEN", text)
    # Numbers of one or two digits without a fraction are results, not accidents: they must agree, and so
    # must what a page computes.
    text = re.sub(r"\d+\.\d+(?=m?s\b)", "TIME", text)
    return re.sub(r"\d{5,}", "NUMBER", text).splitlines()


def run(redlock: str, steps: list[tuple[str, str]], folder: str) -> list[str]:
    """What each step printed."""
    mark = "=== step ends ==="
    script = "exec 2>&1\n" + "".join(f"{shell}\necho '{mark}'\n" for shell, _ in steps)
    done = subprocess.run([redlock, "local", "-n", "3", "--", "bash", "-c", script], cwd=folder, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=DEADLINE,
                          env={**os.environ, "LC_ALL": "C"}, check=False)
    printed = done.stdout.split(mark + "\n")
    if len(printed) != len(steps) + 1:
        raise ValueError(f"the shell ended early, with {done.returncode}:\n{done.stdout}")
    return printed


def main() -> None:
    redlock, pages = os.path.abspath(sys.argv[1]), sorted(pathlib.Path(sys.argv[2]).glob("*.md"))
    failed = passed = 0
    for page in pages:
        steps = steps_of(page.read_text(encoding="utf-8"))
        if not steps:
            continue
        with tempfile.TemporaryDirectory() as folder:
            printed = run(redlock, steps, folder)
        for (shell, said), was in zip(steps, printed):
            difference = list(difflib.unified_diff(without_numbers(said), without_numbers(was), "the page",
                                                   "printed", lineterm=""))
            failed += bool(difference)
            passed += not difference
            if difference:
                print(f"{page}: this prints something else than the page says:\n{shell}", *difference, sep="\n")
    print(f"tutorial: {passed} passed, {failed} failed")
    if failed or not passed:
        sys.exit(1)


if __name__ == "__main__":
    main()
