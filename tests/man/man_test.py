"""Compares the manual page with --help, both ways, and lets mandoc and man look for mistakes in it.

usage: man_test.py REDLOCK PAGE CONFIGURATION.md ENDPOINTS.md
"""
import re
import subprocess
import sys

redlock, page, configuration, endpoints = sys.argv[1:]
subcommands = ["run", "acquire", "extend", "release", "status", "leader", "list", "vouch", "doctor",
               "exporter", "config check", "explain", "local", "demo"]
problems = []


def text_of(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def options_in_help(subcommand):
    done = subprocess.run([redlock, *subcommand.split(), "--help"], capture_output=True, text=True,
                          timeout=60, check=True)
    found = set()
    for line in done.stdout.splitlines():
        if re.match(r"  --?\w", line):
            names = line.strip().split(" ")[0]
            found.update(names.split(","))
    return found


def sections():
    """The headings "Of ..." below OPTIONS, with the options that stand below each."""
    part = text_of(page).split(".SH OPTIONS\n")[1].split("\n.SH ")[0].replace("\\-", "-")
    for section in part.split("\n.SS Of ")[1:]:
        heading, _, body = section.partition("\n")
        tags = re.findall(r"^\.TP\n(.*)$", body, re.M)
        yield heading, {name for tag in tags for name in re.findall(r"(?<![\w-])--?[A-Za-z][a-z-]*",
                                                                    tag)}


def named_in(heading):
    named = [each for each in subcommands if re.search(rf"\b{each}\b", heading)]
    return [each for each in subcommands if each not in named] if heading.startswith(
        "all but") else subcommands if heading == "all" else named


in_page = {each: set() for each in subcommands}
for title, names in sections():
    if title == "redlock":
        in_page[""] = names
    for each in named_in(title):
        in_page[each] |= names
in_page.setdefault("", set())
in_page[""] |= {"-h", "--help"}
for each, in_its_page in in_page.items():
    in_help = options_in_help(each)
    if not in_help:
        problems.append(f"{each}: no option found in its help")
    for name in sorted(in_help ^ in_its_page):
        problems.append(f"redlock {each}: {name} is only in the "
                        f"{'help' if name in in_help else 'manual page'}")

plain = re.sub(r"\\f.", "", text_of(page).replace("\\-", "-"))
for row in re.findall(r"^\| (`[a-z_.`, ]+`) \| ", text_of(configuration), re.M):
    for key in re.findall(r"`([a-z_.]+)`", row):
        if not re.search(rf"\b{re.escape(key)}\b", plain):
            problems.append(f"the key {key} is not in the manual page")
for form in re.findall(r"^\| `((?:redis|unix)[^`]*)` \|", text_of(endpoints), re.M):
    scheme = re.match(r"[a-z+]+:", form).group()
    if not re.search(rf"\n\.B[IR]? {re.escape(scheme)}", plain):
        problems.append(f"the form {form} is not in the manual page")

# So it is with what stands behind a URL's question mark.
nodes = re.search(r"\n\.SH NODES\n(.*?)\n\.SH ", plain, re.S).group(1)
table = re.search(r"\n## Parameters\n(.*?)\n\n[^|\n]", text_of(endpoints), re.S).group(1)
parameters = {name for row in re.findall(r"^\| (`[^|]*) \|", table, re.M)
              for name in re.findall(r"`([a-z_]+)", row)} | {"master"}
for name in sorted(parameters):
    if not re.search(rf"\b{name}\b", nodes):
        problems.append(f"the parameter {name} of a URL is not in the manual page")

for command in (["mandoc", "-Tlint", page], ["man", "--warnings", "-l", page]):
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    said = done.stderr + (done.stdout if command[0] == "mandoc" else "")
    if done.returncode or said:
        problems.append(f"{' '.join(command)}: {done.returncode} {said}")

print("\n".join(problems))
sys.exit(1 if problems else 0)
