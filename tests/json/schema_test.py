"""Runs every subcommand with --json on real servers and checks each output against the schema.

usage: redlock local -- python3 schema_test.py REDLOCK SCHEMA
REDLOCK_NODES names three servers that are guarded by nobody else.
"""
import json
import subprocess
import sys

import jsonschema

redlock, schema_file = sys.argv[1:]
with open(schema_file, encoding="utf-8") as file:
    schema = json.load(file)
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
nobody = ["--nodes", "redis://127.0.0.1:1,redis://127.0.0.1:1/1"]
failures = []


def run(arguments, status, code, kind):
    """One run; its object, which must be of this kind, the only line, and valid."""
    done = subprocess.run([redlock, *arguments], capture_output=True, text=True, timeout=60,
                          check=False)
    shown = f"{' '.join(arguments)}: {done.returncode} {done.stdout!r} {done.stderr!r}"
    if done.returncode != status:
        failures.append(f"not status {status}: {shown}")
    try:
        found = json.loads(done.stdout)
    except ValueError:
        failures.append(f"not one object: {shown}")
        return {}
    for error in validator.iter_errors(found):
        failures.append(f"{error.message[:300]}: {shown}")
    part = {**schema, "oneOf": [{"$ref": f"#/$defs/{kind}"}]}
    if not jsonschema.Draft202012Validator(part).is_valid(found):
        failures.append(f"not of kind {kind}: {shown}")
    if found.get("code") != code:
        failures.append(f"not code {code}: {shown}")
    if "s3cret" in done.stdout:
        failures.append(f"shows a password: {shown}")
    return found


def watch():
    """One object a line: nobody leads, then somebody, then the signal."""
    with subprocess.Popen([redlock, "leader", "--watch", "--json", "w"], stdout=subprocess.PIPE,
                          text=True) as watcher:
        lines = [watcher.stdout.readline()]
        run(["acquire", "w", "--json"], 0, None, "held")
        lines.append(watcher.stdout.readline())
        watcher.terminate()
        lines += watcher.stdout.readlines()
    for line, kind in zip(lines, ["leader", "leader", "failure"], strict=True):
        part = {**schema, "oneOf": [{"$ref": f"#/$defs/{kind}"}]}
        for error in jsonschema.Draft202012Validator(part).iter_errors(json.loads(line)):
            failures.append(f"watched: {error.message[:300]}: {line}")


def refuses(broken, why):
    if validator.is_valid(broken):
        failures.append(f"the schema takes {why}")


run(["vouch", "--json"], 0, None, "vouched")
run(["status", "a", "--json"], 1, None, "status")
lock = run(["acquire", "a", "--json"], 0, None, "held")
run(["status", "a", "--json"], 0, None, "status")
run(["acquire", "-n", "a", "--json"], 75, "contended", "failure")
run(["acquire", "-n", "-E", "9", "a", "--json"], 9, "contended", "failure")
run(["acquire", "-n", "-E", "0", "a", "--json"], 64, "usage", "failure")
run(["acquire", "-w", "2s", "a", "--json"], 75, "timed_out", "failure")
run(["extend", "a", lock["token"], "--json"], 0, None, "held")
listed = run(["list", "--json"], 0, None, "list")
if [each["resource"] for each in listed["locks"]] != ["a"]:
    failures.append(f"not the one lock: {listed}")
run(["release", "a", lock["token"], "--json"], 0, None, "released")
run(["release", "a", lock["token"], "--json"], 1, "lost", "released")
run(["extend", "a", lock["token"], "--json"], 1, "lost", "failure")
first = run(["acquire", "--shared", "a", "--json"], 0, None, "held")
second = run(["acquire", "--shared", "--label", "me", "a", "--json"], 0, None, "held")
read = run(["status", "a", "--json"], 0, None, "status")
if {each["token"] for each in read["readers"]} != {first["token"], second["token"]}:
    failures.append(f"not the two readers: {read}")
run(["list", "--json"], 0, None, "list")
run(["acquire", "-n", "a", "--json"], 75, "contended", "failure")
for lock in (first, second):
    run(["extend", "a", lock["token"], "--json"], 0, None, "held")
    run(["release", "a", lock["token"], "--json"], 0, None, "released")
permits = ["--permits", "2", "pool"]
permit = run(["acquire", *permits, "--json"], 0, None, "held")
run(["extend", *permits, permit["token"], "--json"], 0, None, "held")
seen = run(["status", *permits, "--json"], 1, None, "semaphore")
if [each["holder"] for each in seen["slots"] if each["holder"]] != [permit["token"]]:
    failures.append(f"not the one permit: {seen}")
run(["list", "--json"], 0, None, "list")
run(["acquire", *permits, "--json"], 0, None, "held")
run(["acquire", "-n", *permits, "--json"], 75, "contended", "failure")
for words in (["acquire"], ["status"]):
    run([*words, "--permits", "3", "pool", "--json"], 78, "permits_mismatch", "failure")
run(["release", *permits, permit["token"], "--json"], 0, None, "released")
several = ["a", "--also", b"\xff\x01".decode("latin-1")]
lock = run(["acquire", *several, "--json"], 0, None, "held")
run(["extend", *several, lock["token"], "--json"], 0, None, "held")
run(["acquire", "-n", "b", "--also", "a", "--json"], 75, "contended", "failure")
run(["release", *several, lock["token"], "--json"], 0, None, "released")
run(["acquire", *several, "--also", "a", "--json"], 64, "resource_twice", "failure")
run(["acquire", "a", *(word for i in range(64) for word in ("--also", str(i))), "--json"], 64,
    "too_many_resources", "failure")
run(["list", "no-such-*", "--json"], 0, None, "list")
run(["leader", "a", "--json"], 1, None, "leader")
lock = run(["acquire", "a", "--json"], 0, None, "held")
if run(["leader", "a", "--json"], 0, None, "leader")["token"] != lock["token"]:
    failures.append("another leader")
run(["release", "a", lock["token"], "--json"], 0, None, "released")
run(["status", b"\xff\x01".decode("latin-1"), "--json"], 1, None, "status")
run(["doctor", "--samples", "1", "--json"], 0, None, "doctor")
run(["doctor", "--samples", "1", "--resource", "a", "--json", *nobody], 69, "no_quorum", "doctor")
run(["config", "check", "--json"], 0, None, "config")
for words in (["acquire", "-n", "b"], ["extend", "b", "t"], ["release", "b", "t"], ["list"],
              ["vouch"], ["leader", "b"], ["leader", "--watch", "--quorum-timeout", "100ms", "b"]):
    run([*words, "--json", *nobody], 69, "no_quorum", "failure")
run(["status", "b", "--json", *nobody], 69, "no_quorum", "status")
run(["status", *permits, "--json", *nobody], 69, "no_quorum", "semaphore")
run(["--json", "status", "a", "--nodes", "redis://u:s3cret@h:x"], 64, "usage", "failure")
for words in (["status"], ["frobnicate"], ["acquire", "a", "--frob"], ["extend", "a"],
              ["config", "check", "--node-timeout", "soon"], ["run", "a"], ["local"], ["demo"], [],
              ["doctor", "--config", "/nowhere.toml"], ["acquire", "a", "--lease-time", "2m"]):
    run([*words, "--json"], 64, "usage", "failure")

watch()
refuses({}, "an empty object")
refuses([], "an array")
refuses({"error": None, "code": "usage", "nodes": []}, "a code without an error")
refuses({"error": "e", "code": "other", "nodes": []}, "an unknown code")
refuses({"error": None, "code": None, "nodes": [], "vouched": False}, "a vouch that was none")


def refuses_changes(words, *changes):
    """What the subcommand prints, with one member taken away or put in wrongly, is not valid."""
    right = json.loads(subprocess.run([redlock, *words, "--json"], capture_output=True, text=True,
                                      timeout=60, check=False).stdout)
    for path, value in changes:
        broken = json.loads(json.dumps(right))
        inner = broken
        for step in path[:-1]:
            inner = inner[step]
        if value is None:
            del inner[path[-1]]
        else:
            inner[path[-1]] = value
        refuses(broken, f"{words[0]} with {path} = {value}")


refuses_changes(["config", "check"], (["settings", "key_prefix"], None),
                (["settings", "lease_time_ms"], "10s"), (["settings", "more"], 1),
                (["nodes", 0, "name"], None))
refuses_changes(["doctor", "--samples", "1"], (["nodes", 0, "memory", "limit"], "much"),
                (["nodes", 0, "round_trip_ms"], {}), (["nodes", 0, "missing"], [{"what": "x"}]),
                (["problems"], -1))
refuses_changes(["leader", "b"], (["token"], None), (["remaining_ms"], -1), (["more"], 1),
                (["blocked"], None), (["proclaimed"], 3))
refuses_changes(["status", *permits], (["slots", 0, "slot"], -1), (["slots", 0, "verdict"], None),
                (["free"], None), (["verdict"], "full"), (["slots"], []))
refuses_changes(["list"], (["complete"], None), (["nodes"], [{"node": "first"}]), (["locks"], {}))
run(["acquire", "--shared", "b", "--json"], 0, None, "held")
refuses_changes(["status", "b"], (["mode"], None), (["mode"], "written"), (["readers"], [{}]),
                (["reader_count"], -1), (["readers", 0, "label"], 1),
                (["nodes", 0, "readers"], None), (["nodes", 0, "mode"], "held"))

for each in failures:
    print(each)
sys.exit(1 if failures else 0)
