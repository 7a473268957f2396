"""`redlock exporter` under a real Prometheus: what it serves, and the alerts and panels over it.

Runs under `redlock local -n 3` (see run.sh), so that REDLOCK_NODES names three throwaway servers.
"""
import contextlib
import json
import os
import re
import shlex
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import pytest
import redis
import yaml

ROOT = Path(__file__).resolve().parents[2]
REDLOCK = os.environ["REDLOCK_COMMAND"]
NODES = os.environ["REDLOCK_NODES"].split(",")
PATIENCE = 60
RULES = yaml.safe_load((ROOT / "contrib/prometheus/alerts.yml").read_text())["groups"][0]["rules"]
DASHBOARD = json.loads((ROOT / "contrib/grafana/redlock.json").read_text())
#: Of what only happens when something is wrong.
EMPTY_WHEN_WELL = {"Problems and warnings"}


def get(url):
    with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
        return answer.read().decode()


def status_of(url, method="GET", body=None):
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, method=method), timeout=PATIENCE) as answer:
            return answer.status
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code


def answers(url):
    try:
        return status_of(url) == 200
    except OSError:
        return False


def eventually(what, holds):
    """Waits until it holds, and returns what it then is."""
    end = time.monotonic() + PATIENCE
    while True:
        found = holds()
        if found:
            return found
        if time.monotonic() > end:
            pytest.fail(f"not in {PATIENCE} s: {what}")
        time.sleep(0.05)


@contextlib.contextmanager
def running(arguments, **more):
    with subprocess.Popen(arguments, **more) as child:
        try:
            yield child
        finally:
            child.terminate()
            child.wait(PATIENCE)


@contextlib.contextmanager
def exporter(*arguments, **more):
    with running([REDLOCK, "exporter", "--listen", "127.0.0.1:0", "--interval", "100ms", *arguments],
                 stderr=subprocess.PIPE, text=True, **more) as child:
        yield re.fullmatch(r"redlock: exporter: metrics at (http://127\.0\.0\.1:\d+)/metrics\n",
                           child.stderr.readline()).group(1)


@contextlib.contextmanager
def frozen(url):
    """The server of a node, which does not answer meanwhile."""
    with redis.Redis.from_url(url) as server:
        process = server.info("server")["process_id"]
    os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process, signal.SIGCONT)


@contextlib.contextmanager
def held(name, *arguments):
    with running([REDLOCK, "run", name, *arguments, "--", "sh", "-c", "echo held; exec sleep 1000"],
                 stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "held\n"
        yield


def value(page, series):
    found = re.search(rf"^{re.escape(series)} (\S+)$", page, re.M)
    return float(found.group(1)) if found else None


def seen_by(url, series, wanted):
    return eventually(f"{series} {wanted}", lambda: value(get(url + "/metrics"), series) == wanted)


@contextlib.contextmanager
def prometheus(folder, exporter_url):
    """With the files of contrib, but in a hurry."""
    address = urllib.parse.urlparse(exporter_url).netloc
    config = (ROOT / "contrib/prometheus/prometheus.yml").read_text()
    assert "127.0.0.1:9633" in config
    (folder / "prometheus.yml").write_text(config.replace("15s", "200ms").replace("127.0.0.1:9633", address))
    rules = (ROOT / "contrib/prometheus/alerts.yml").read_text()
    (folder / "alerts.yml").write_text(re.sub(r"\bfor: \w+", "for: 0s", rules))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with running(["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
                  f"--web.listen-address=127.0.0.1:{port}", "--log.level=error"]):
        api = f"http://127.0.0.1:{port}/api/v1/"

        def ask(path, **query):
            try:
                answer = json.loads(get(api + path + "?" + urllib.parse.urlencode(query)))
            except urllib.error.HTTPError as refusal:
                pytest.fail(f"{query}: {refusal.read().decode()}")
            assert answer["status"] == "success"
            return answer["data"]

        eventually("Prometheus is ready", lambda: answers(f"http://127.0.0.1:{port}/-/ready"))
        eventually("Prometheus scrapes the exporter", lambda: ask("query", query='up{job="redlock"} == 1')["result"])
        yield ask


def test_page_is_as_prometheus_wants_it():
    with exporter("--resource", "*") as url, held("page", "--label", 'a "quoted" label'):
        seen_by(url, 'redlock_lock_held{pattern="*",resource="page"}', 1)
        page = get(url + "/metrics")
        said = subprocess.run(["promtool", "check", "metrics"], input=page, capture_output=True, text=True, check=False)
        assert (said.returncode, said.stdout + said.stderr) == (0, "")
        assert value(page, "redlock_nodes_usable") == 3
        for node in NODES:
            assert value(page, f'redlock_node_up{{node="{node}"}}') == 1
            assert value(page, f'redlock_node_votes{{node="{node}"}}') == 1
        assert re.search(r'^redlock_lock_holder_info{.*mode="exclusive",label="a \\"quoted\\" label"} 1$', page, re.M)
        assert 0 < value(page, 'redlock_lock_remaining_seconds{pattern="*",resource="page"}') <= 10
        assert value(page, 'redlock_lock_fencing_token{pattern="*",resource="page"}') > 0


def test_line_of_the_page_runs():
    shown = re.search(r"<!-- run: exporter -->\n```sh\nredlock (.*)\n```",
                      (ROOT / "docs/exporter.md").read_text()).group(1)
    assert ":9633" in shown
    with running([REDLOCK, *shlex.split(shown.replace(":9633", ":0"))], stderr=subprocess.PIPE, text=True) as child:
        url = re.search(r"http://\S+/", child.stderr.readline()).group()
        with held("orders:1"):
            seen_by(url.rstrip("/"), "redlock_nodes_usable", 3)


def test_lock_goes_with_its_holder():
    with exporter("--resource", "going*") as url:
        with held("going"), held("staying"):
            seen_by(url, 'redlock_pattern_locks{pattern="going*",verdict="held"}', 1)
        seen_by(url, 'redlock_pattern_locks{pattern="going*",verdict="held"}', 0)
        assert "resource=" not in get(url + "/metrics")


def test_no_more_locks_than_allowed():
    with exporter("--resource", "many:*", "--max-resources", "2") as url, contextlib.ExitStack() as locks:
        for number in range(5):
            locks.enter_context(held(f"many:{number}"))
        seen_by(url, 'redlock_pattern_left_out{pattern="many:*"}', 3)
        assert get(url + "/metrics").count("redlock_lock_held{") == 2


def test_without_patterns_no_lock_is_shown():
    with exporter() as url, held("unseen"):
        eventually("a survey", lambda: value(get(url + "/metrics"), "redlock_surveys_total") > 2)
        assert "unseen" not in get(url + "/metrics")


def test_frozen_node_does_not_hold_up_the_others():
    with exporter() as url:
        seen_by(url, "redlock_nodes_usable", 3)
        with frozen(NODES[1]):
            seen_by(url, f'redlock_node_up{{node="{NODES[1]}"}}', 0)
            page = get(url + "/metrics")
            assert value(page, f'redlock_node_up{{node="{NODES[0]}"}}') == 1
            assert value(page, "redlock_nodes_usable") == 2
            assert status_of(url + "/readyz") == 200
            with frozen(NODES[2]):
                seen_by(url, "redlock_nodes_usable", 1)
                assert status_of(url + "/readyz") == 503
                assert status_of(url + "/healthz") == 200
        seen_by(url, "redlock_nodes_usable", 3)
        assert status_of(url + "/readyz") == 200


def test_signal_during_a_survey_ends_it():
    with contextlib.ExitStack() as all_of_them:
        for node in NODES[:2]:
            all_of_them.enter_context(frozen(node))
        child = all_of_them.enter_context(subprocess.Popen(
            [REDLOCK, "exporter", "--listen", "127.0.0.1:0", "--interval", "100h", "--resource", "*"],
            stderr=subprocess.PIPE, text=True))
        child.stderr.readline()  # the survey has begun, or begins
        child.terminate()
        assert child.wait(PATIENCE) == 128 + signal.SIGTERM


def test_passwords_are_not_shown():
    user = ["ACL", "SETUSER", "metrics", "on", ">s3cret-word", "~*", "&*", "+@all"]
    urls = []
    for node in NODES:
        with redis.Redis.from_url(node) as server:
            server.execute_command(*user)
        urls.append(node.replace("://", "://metrics:s3cret-word@"))
    with exporter(env={**os.environ, "REDLOCK_NODES": ",".join(urls)}) as url:
        seen_by(url, "redlock_nodes_usable", 3)
        assert "s3cret" not in get(url + "/metrics")


def test_other_requests_are_refused():
    with exporter() as url:
        assert status_of(url + "/") == 200
        assert status_of(url + "/metrics", method="HEAD") == 200
        assert status_of(url + "/secret") == 404
        assert status_of(url + "/metrics", method="DELETE") == 405
        assert status_of(url + "/metrics", method="POST", body=b"x" * 100) == 413
        address = urllib.parse.urlparse(url)
        for request, answer in ((b"GET /metrics HTTP/1.1\r\nA: " + b"a" * 20000 + b"\r\n\r\n", b" 431 "),
                                (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n", b" 400 ")):
            with socket.create_connection((address.hostname, address.port)) as client:
                client.sendall(request)
                assert answer in client.recv(100)
        assert status_of(url + "/healthz") == 200


def test_too_many_connections_are_turned_away():
    with exporter() as url, contextlib.ExitStack() as all_of_them:
        address = urllib.parse.urlparse(url)
        clients = [all_of_them.enter_context(socket.create_connection((address.hostname, address.port)))
                   for _ in range(65)]
        clients[-1].settimeout(PATIENCE)
        assert clients[-1].recv(1) == b""
        clients[0].close()
        eventually("a place is free", lambda: answers(url + "/healthz"))


@pytest.mark.parametrize("address", ["9633", "nowhere:1", "::1:9633", "127.0.0.1:70000", "[127.0.0.1]:1"])
def test_address_that_cannot_be_read(address):
    said = subprocess.run([REDLOCK, "exporter", "--listen", address], capture_output=True, text=True, check=False,
                          timeout=PATIENCE)
    assert said.returncode == 64
    assert f"--listen: '{address}' is no ADDRESS:PORT" in said.stderr


@pytest.mark.parametrize(("option", "value", "complaint"), [
    ("--interval", "0", "0ms is too short: at least 100ms"),
    ("--interval", "99ms", "99ms is too short"),
    ("--interval", "-1s", "must not be negative"),
    ("--resource", "", "--resource"),
    ("--max-resources", "0", "not in range")])
def test_options_that_cannot_be_used(option, value, complaint):
    said = subprocess.run([REDLOCK, "exporter", "--listen", "127.0.0.1:0", option, value], capture_output=True,
                          text=True, check=False, timeout=PATIENCE)
    assert said.returncode == 64
    assert complaint in said.stderr


def test_address_that_is_taken():
    with exporter() as url:
        taken = urllib.parse.urlparse(url).netloc
        said = subprocess.run([REDLOCK, "exporter", "--listen", taken], capture_output=True, text=True, check=False,
                              timeout=PATIENCE)
        assert said.returncode == 64
        assert f"cannot listen on {taken}: Address already in use" in said.stderr


def test_rules_are_clean():
    for command in (["check", "rules", str(ROOT / "contrib/prometheus/alerts.yml")],
                    ["test", "rules", str(ROOT / "tests/metrics/alerts_test.yml")]):
        said = subprocess.run(["promtool", *command], capture_output=True, text=True, check=False)
        assert said.returncode == 0, said.stdout + said.stderr


def test_alert_fires_when_a_node_is_frozen(tmp_path):
    def firing():
        return {(alert["labels"]["alertname"], alert["labels"].get("node")) for alert in ask("alerts")["alerts"]
                if alert["state"] == "firing"}

    with exporter() as url, prometheus(tmp_path, url) as ask:
        eventually("no alert", lambda: ask("rules")["groups"][0]["lastEvaluation"][0] != "0" and not firing())
        with frozen(NODES[2]):
            eventually("the alert", lambda: ("RedlockNodeDown", NODES[2]) in firing())
            eventually("the other alert", lambda: ("RedlockQuorumAtRisk", None) in firing())
            assert ("RedlockNoQuorum", None) not in firing()
            with frozen(NODES[1]):
                eventually("the gravest alert", lambda: ("RedlockNoQuorum", None) in firing())
        eventually("no alert any more", lambda: not firing())


def test_rules_and_panels_ask_for_what_there_is(tmp_path):
    with exporter("--resource", "*") as url, held("shown"), prometheus(tmp_path, url) as ask:
        seen_by(url, 'redlock_lock_held{pattern="*",resource="shown"}', 1)
        names = set(re.findall(r"^# TYPE (\w+)", get(url + "/metrics"), re.M)) | {"redlock_finding"}
        for rule in RULES:
            assert set(re.findall(r"redlock_\w+", rule["expr"])) <= names, rule["alert"]
            ask("query", query=rule["expr"])
        for panel in DASHBOARD["panels"]:
            for target in panel["targets"]:
                expression = target["expr"].replace("$instance", ".*")
                assert set(re.findall(r"redlock_\w+", expression)) <= names, panel["title"]
                if panel["title"] not in EMPTY_WHEN_WELL:
                    eventually(f"figures in the panel {panel['title']}",
                               lambda: ask("query", query=expression)["result"])
                else:
                    ask("query", query=expression)
