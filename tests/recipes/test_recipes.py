"""What the recipes for containers and package managers say, held against the command and the library of this tree.

Runs under `redlock local -n 3`, so that REDLOCK_NODES names three throwaway servers. REDLOCK_COMMAND is the
command to try.
"""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
REDLOCK = os.environ["REDLOCK_COMMAND"]
COMPOSE = ROOT / "packaging/container/compose.yaml"
KUBERNETES = sorted((ROOT / "contrib/kubernetes").glob("*.yaml"))
NODES = os.environ["REDLOCK_NODES"].split(",")
PATIENCE = 30


def tool(name):
    return str(Path(sys.executable).with_name(name))


def run(*arguments, **more):
    return subprocess.run(arguments, capture_output=True, text=True, timeout=PATIENCE, check=False, **more)


def services():
    return yaml.safe_load(COMPOSE.read_text())["services"]


def containers():
    """Each container of the manifests, by the name of what runs it."""
    for path in KUBERNETES:
        for item in yaml.safe_load_all(path.read_text()):
            spec = item.get("spec", {})
            spec = spec.get("jobTemplate", {"spec": spec})["spec"].get("template", {}).get("spec", {})
            for container in spec.get("containers", []):
                yield item["metadata"]["name"], container, spec


def by_name(name):
    return next(container for its_name, container, _ in containers() if its_name == name)


@contextlib.contextmanager
def started(arguments, **more):
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more) as child:
        try:
            yield child
        finally:
            child.send_signal(signal.SIGTERM)
            child.wait(PATIENCE)


@pytest.fixture(name="programs")
def programs_of_the_image(tmp_path):
    """A PATH with the command, and programs in place of those that a user's image has."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "redlock").symlink_to(REDLOCK)
    for name in ("make-report", "scheduler"):
        program = folder / name
        program.write_text(f'#!/bin/sh\necho "{name} $REDLOCK_RESOURCE $REDLOCK_FENCING_TOKEN"\n')
        program.chmod(0o755)
    return {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "POD_NAME": "scheduler-1"}


@pytest.fixture(name="nodes_file")
def file_of_the_secret(tmp_path):
    path = tmp_path / "nodes"
    path.write_text("\n".join(NODES))
    return path


def command_of(container, nodes_file):
    words = container.get("command", ["redlock"]) + container["args"]
    return [str(nodes_file) if word == "/etc/redlock/nodes" else word.replace("$(POD_NAME)", "scheduler-1")
            for word in words]


def test_dockerfile_is_clean():
    said = run(tool("hadolint"), str(ROOT / "packaging/container/Dockerfile"))
    assert said.returncode == 0, said.stdout


def test_yaml_is_clean():
    said = run(tool("yamllint"), "--strict", "-c", str(Path(__file__).with_name("yamllint.yaml")), str(COMPOSE),
               *map(str, KUBERNETES))
    assert said.returncode == 0, said.stdout


@pytest.mark.parametrize("version", ["1.27", "1.30", "1.33", "1.37"])
def test_manifests_have_the_schema_of_kubernetes(version):
    said = run(tool("kubernetes-validate"), "--strict", "-k", version, *map(str, KUBERNETES))
    assert said.returncode == 0, said.stdout + said.stderr


def test_pods_need_no_right_of_root():
    seen = 0
    for name, container, spec in containers():
        seen += 1
        assert spec["securityContext"]["runAsNonRoot"], name
        assert not spec["automountServiceAccountToken"], name
        assert container["securityContext"] == {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
                                                "capabilities": {"drop": ["ALL"]}}, name
    assert seen == 3


def test_cron_job_makes_the_report_once(programs, nodes_file):
    command = command_of(by_name("nightly-report"), nodes_file)
    first = run(*command, env=programs)
    assert (first.returncode, first.stdout.split()[:2]) == (0, ["make-report", "nightly-report"]), first.stderr
    # Another cluster, a moment later.
    second = run(*command, env=programs)
    assert (second.returncode, second.stdout) == (0, ""), second.stderr


def test_deployment_has_one_leader(programs, nodes_file):
    with started(command_of(by_name("scheduler"), nodes_file), env=programs) as leader:
        assert leader.stdout.readline().split()[:2] == ["scheduler", "scheduler"]


def test_secret_is_read_by_the_command(tmp_path):
    secret = yaml.safe_load((ROOT / "contrib/kubernetes/nodes.yaml").read_text())
    path = tmp_path / "nodes"
    path.write_text(secret["stringData"]["nodes"])
    said = run(REDLOCK, "status", "job", "--nodes-file", str(path), "--node-timeout", "1s",
               env={"PATH": os.environ["PATH"]})
    # The names are reserved for examples: no such server answers.
    assert said.returncode == 69, said.stderr
    for number in (1, 2, 3):
        assert f"node-{number}.example.net" in said.stdout + said.stderr
    assert "change-me" not in said.stdout + said.stderr


def test_workers_of_the_compose_file_take_turns():
    worker = services()["worker-1"]
    assert services()["worker-2"] == worker
    words = [word.replace("$$", "$") for word in worker["command"]]
    with started([REDLOCK, *words]) as first, started([REDLOCK, *words]) as second:
        tokens = [int(re.fullmatch(r".* has the lock; fencing token (\d+)\n", said.stdout.readline()).group(1))
                  for said in (first, second)]
    assert tokens[0] != tokens[1]


def test_clients_of_the_compose_file_name_its_servers():
    named = {name for name in services() if name.startswith("node-")}
    clients = [service for name, service in services().items() if not name.startswith("node-")]
    assert len(clients) == 3
    for service in clients:
        urls = service["environment"]["REDLOCK_NODES"].split(",")
        assert {url.removeprefix("redis://") for url in urls} == named == set(service["depends_on"])


def test_servers_of_the_compose_file_start(tmp_path):
    server = shutil.which("valkey-server") or shutil.which("redis-server")
    for name in ("node-1", "node-2", "node-3"):
        words = services()[name]["command"]
        assert words[0] == "valkey-server"
        with started([server, *words[1:], "--port", "0", "--unixsocket", str(tmp_path / name)]) as child:
            for line in child.stdout:
                if "eady to accept connections" in line:
                    break
            else:
                pytest.fail(f"{name} did not start")


@pytest.mark.parametrize("where", ["compose", "kubernetes"])
def test_exporter_answers_where_the_recipes_ask(where):
    if where == "compose":
        words, paths = services()["exporter"]["command"], ["/metrics"]
        assert services()["exporter"]["ports"] == ["127.0.0.1:9633:9633"]
    else:
        container = by_name("redlock-exporter")
        words = [word for word in container["args"] if word not in ("--nodes-file", "/etc/redlock/nodes")]
        paths = [container[probe]["httpGet"]["path"] for probe in ("livenessProbe", "readinessProbe")]
    assert words[:2] == ["exporter", "--listen"]
    port = words[2].rpartition(":")[2]
    assert port == "9633"
    with started([REDLOCK, *(word.replace(port, "0") for word in words)]) as exporter:
        address = re.search(r"http://\S+:(\d+)", exporter.stdout.readline())
        for path in paths:
            with urllib.request.urlopen(f"http://127.0.0.1:{address.group(1)}{path}", timeout=PATIENCE) as answer:
                assert answer.status == 200


def test_package_managers_have_the_version_of_the_library():
    header = (ROOT / "include/redlock/version.hpp").read_text()
    version = ".".join(re.findall(r"define REDLOCK_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)", header))
    assert json.loads((ROOT / "packaging/vcpkg/redlock/vcpkg.json").read_text())["version"] == version
    said = run(tool("conan"), "inspect", str(ROOT / "packaging/conan"), "--format=json")
    assert said.returncode == 0, said.stderr
    assert json.loads(said.stdout)["version"] == version


def test_package_managers_set_the_options_of_the_build():
    known = set(re.findall(r"^option\((REDLOCK_\w+)", (ROOT / "CMakeLists.txt").read_text(), re.M))
    port = (ROOT / "packaging/vcpkg/redlock/portfile.cmake").read_text()
    conan = (ROOT / "packaging/conan/conanfile.py").read_text()
    wanted = known - {"REDLOCK_INSTALL", "REDLOCK_EMBED_ASIO", "REDLOCK_PORTABLE"}
    assert set(re.findall(r"REDLOCK_[A-Z]+", port)) == wanted
    assert set(re.findall(r'"(REDLOCK_[A-Z]+)"', conan)) == wanted
