"""The recipes for files, with two holders of which one is late."""
import fcntl
import os
import pathlib
import shutil
import subprocess
from types import SimpleNamespace

import holders
import pages
import pytest

files = SimpleNamespace(**pages.python("files"))
log = SimpleNamespace(**pages.python("log"))


@pytest.fixture
def report(tmp_path):
    """A file that is there already, without a fence."""
    path = tmp_path / "report"
    path.write_bytes(b"100")
    return path


def test_a_holder_that_was_paused_beyond_its_lease_is_refused(report):
    pair = holders.paused_beyond_its_lease()
    assert files.read(report, pair.late) == b"100"
    assert files.read(report, pair.newer) == b"100"
    with pytest.raises(files.TooLate, match=str(pair.newer)):
        files.write(report, pair.late, b"101")
    for data in (b"110", b"111"):
        files.write(report, pair.newer, data)
    for late in (lambda: files.write(report, pair.late, b"102"), lambda: files.read(report, pair.late)):
        with pytest.raises(files.TooLate):
            late()
    assert report.read_bytes() == b"111"
    assert sorted(os.listdir(report.parent)) == ["report", "report.fence", "report.lock"]


def test_the_first_write(tmp_path):
    pair = holders.one_after_the_other()
    files.write(tmp_path / "new", pair.newer, b"1")
    with pytest.raises(files.TooLate):
        files.write(tmp_path / "new", pair.late, b"2")
    assert (tmp_path / "new").read_bytes() == b"1"


def test_check_and_write_are_one_step(report):
    pair = holders.one_after_the_other()
    with files.claimed(report, pair.late), open(f"{report}.lock", "a", encoding="ascii") as other:
        with pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    files.write(report, pair.newer, b"110")


def test_a_crash_between_fence_and_data(report):
    pair = holders.one_after_the_other()
    with pytest.raises(KeyboardInterrupt), files.claimed(report, pair.newer):
        raise KeyboardInterrupt
    with pytest.raises(files.TooLate):
        files.write(report, pair.late, b"101")
    assert files.read(report, pair.newer) == b"100"
    files.write(report, pair.newer, b"110")


def test_to_compare_without_flock_loses_the_newer_write(report):
    pair = holders.one_after_the_other()
    files.read(report, pair.late)
    assert int(pathlib.Path(f"{report}.fence").read_text(encoding="ascii")) <= pair.late
    files.write(report, pair.newer, b"110")
    files.replace(str(report), b"101")
    assert report.read_bytes() == b"101"


@pytest.mark.skipif(shutil.which("flock") is None, reason="flock (util-linux) is not installed")
def test_the_script_below_redlock_run(tmp_path):
    late = holders.acquire("report")
    holders.redlock("release", "report", late.token)
    (tmp_path / "publish.sh").write_text(pages.text("files-sh"), encoding="utf-8")
    (tmp_path / "new.html").write_text("new", encoding="utf-8")
    path = os.pathsep.join([str(pathlib.Path(holders.REDLOCK).parent), os.environ["PATH"]])

    def shell(command, **more):
        return subprocess.run(["sh", "-c", command], cwd=tmp_path, env={**os.environ, "PATH": path, **more},
                              capture_output=True, text=True, timeout=60, check=False)

    for _ in range(2):
        done = shell(pages.text("files-run"))
        assert (done.returncode, done.stderr) == (0, "")
    (tmp_path / "new.html").write_text("old", encoding="utf-8")
    command = pages.text("files-run").partition(" -- ")[2]
    done = shell(command, REDLOCK_FENCING_TOKEN=str(late.fence))
    assert (done.returncode, done.stderr) == (1, "report.html: a newer holder was here\n")
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == "new"
    fence = (tmp_path / "report.html.fence").read_text(encoding="utf-8").strip()
    done = shell(command, REDLOCK_FENCING_TOKEN=fence)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == "old"


def test_readers_of_a_log_skip_what_is_late(tmp_path):
    pair = holders.paused_beyond_its_lease()
    path = tmp_path / "log"
    log.append(path, pair.late, "in time")
    log.append(path, pair.newer, {"began": True})
    log.append(path, pair.late, "late")
    log.append(path, pair.newer, "first")
    log.append(path, pair.newer, "second")
    log.append(path, pair.late, "late again")
    assert list(log.records(path)) == ["in time", {"began": True}, "first", "second"]


def test_a_record_that_was_cut_off_spoils_only_itself(tmp_path):
    pair = holders.one_after_the_other()
    path = tmp_path / "log"
    log.append(path, pair.late, "whole")
    whole = path.read_bytes()
    for size in range(len(whole)):
        path.write_bytes(whole + whole[:size])
        log.append(path, pair.newer, "next")
        expected = ["whole", "next"] if size < len(whole) - 1 else ["whole", "whole", "next"]
        assert list(log.records(path)) == expected, size
