"""What the pages show is what the tests run, and what they say of the token is so."""
import json
import pathlib
import re

import holders
import pages
import pytest

HERE = pathlib.Path(__file__).parent


def test_each_block_has_a_name():
    for path, text in pages.pages():
        lines = text.splitlines()
        fences = [number for number, line in enumerate(lines) if line.startswith("```")]
        assert len(fences) % 2 == 0, path
        for number in fences[::2]:
            assert re.fullmatch(r"<!-- (stores: \S+|snippet: \S+ \S+) -->", lines[number - 1]), \
                f"{path}:{number + 1}: nothing says what runs this block"


def test_each_block_is_run():
    tests = "".join(path.read_text(encoding="utf-8") for path in HERE.glob("*_test.py"))
    unused = [name for name in pages.BLOCKS if f'"{name}"' not in tests]
    assert pages.BLOCKS and not unused


def test_each_link_between_the_pages_leads_to_a_heading():
    headings = {}
    for path in (pages.ROOT / "docs").glob("*.md"):
        found = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
        headings[path.name] = {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in found}
    for path, text in pages.pages():
        for page, heading in re.findall(r"\]\(([\w.-]*)#([\w-]+)\)", text):
            assert heading in headings[page or path.name], f"{path}: {page}#{heading}"
        for target in re.findall(r"\]\(([\w./-]+?)(?:#[\w-]+)?\)", text):
            assert (path.parent / target).exists(), f"{path}: {target}"


def test_how_large_a_token_is(postgres):
    token = holders.acquire(holders.new_name("orders")).fence
    assert 2**50 < token < 2**53
    assert len(str(token)) == 16
    assert int(float(token)) == token
    session = postgres()
    session.run("CREATE TABLE types (small integer, large bigint)")
    assert session.run("INSERT INTO types (large) VALUES (:token)", token=token) == 1
    with pytest.raises(Exception, match="out of range"):
        session.run("INSERT INTO types (small) VALUES (:token)", token=token)


def test_a_lock_without_fencing_has_no_token(postgres):
    name = holders.new_name("orders")
    assert holders.acquire(name, "--no-fencing").fence is None
    said = holders.redlock("run", "--no-fencing", holders.new_name("orders"), "--", "printenv",
                           "REDLOCK_FENCING_TOKEN")
    assert said == "0\n"
    # And 0 passes where nothing was written yet.
    session = postgres()
    session.run(pages.statement("orders"))
    session.run("INSERT INTO orders VALUES (42, 100)")
    session.run(pages.statement("pg-column"))
    assert session.run(pages.statement("pg-claim"), id=42, token=0) == [(100,)]


def test_smaller_instead_of_at_most_refuses_the_second_write(postgres):
    session = postgres()
    session.run(pages.statement("orders"))
    session.run("INSERT INTO orders VALUES (42, 100)")
    session.run(pages.statement("pg-column"))
    strict = pages.statement("pg-write").replace("<=", "<")
    assert [session.run(strict, id=42, total=1, token=7) for _ in range(2)] == [1, 0]


def test_one_token_for_all_names():
    names = [holders.new_name("account") for _ in range(2)]
    before = [holders.acquire(name) for name in names]
    for held in before:
        holders.redlock("release", held.resource, held.token)
    both = holders.acquire(names[0], "--also", names[1])
    assert all(held.fence < both.fence for held in before)


def test_the_statement_of_the_program_in_c_plus_plus(postgres):
    late, newer, _ = holders.one_after_the_other()
    text = (pages.ROOT / "docs" / "fencing.md").read_text(encoding="utf-8")
    (statement,) = re.findall(r'"(UPDATE .*? \$2)"', text)
    session = postgres()
    session.run(pages.statement("orders"))
    session.run("INSERT INTO orders VALUES (42, 100)")
    session.run(pages.statement("pg-column"))
    session.run(f"PREPARE set_total (bigint, bigint, bigint) AS {statement}")
    for token, rows in ((newer, 1), (newer, 1), (late, 0)):
        assert session.run("EXECUTE set_total (7, :token, 42)", token=token) == rows
    assert session.run("SELECT total, fence FROM orders") == [(7, newer)]


def test_a_token_survives_json():
    token = holders.acquire(holders.new_name("orders")).fence
    assert json.loads(json.dumps(float(token))) == token
