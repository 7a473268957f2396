"""What helps where nothing compares tokens: keys that name the effect, and an outbox."""
import holders
import pages
import pytest


class Service:
    """A service that performs each key once. It looks at no token."""

    def __init__(self):
        self.done = {}

    def post(self, path, body, key):
        """Performs the request, or answers as it did to the first with this key."""
        return self.done.setdefault(key, (path, body))


def test_two_holders_charge_once():
    pair = holders.paused_beyond_its_lease()
    charge = pages.python("idempotency")["charge"]
    service = Service()
    assert charge(service, 42, 100) == charge(service, 42, 100) == ("/charges", {"amount": 100})
    assert len(service.done) == 1
    charge(service, 43, 100)
    assert len(service.done) == 2
    for token in (pair.newer, pair.late):
        service.post("/charges", {"amount": 100}, key=f"order-44-charge-{token}")
    assert len(service.done) == 4, "the page says that a key with the token charges twice"


@pytest.fixture
def database(postgres):
    """A session with an outbox."""
    session = postgres()
    session.run(pages.statement("pg-fences"))
    session.run(pages.statement("outbox-table"))
    return session


def test_the_outbox_takes_no_late_wish(database):
    pair = holders.one_after_the_other()
    begin, claim, wish, commit = pages.statements("outbox")
    for token, rows in ((pair.newer, 1), (pair.newer, 1), (pair.late, 0)):
        database.run(begin)
        assert database.run(claim, resource=pair.resource, token=token) == rows
        if rows == 0:
            database.run("ROLLBACK")
            continue
        database.run(wish, key="order-42-mail", message=f"from {token}")
        database.run(commit)
    assert database.run("SELECT * FROM outbox") == [("order-42-mail", f"from {pair.newer}")]


def test_a_wish_goes_with_its_claim(database):
    late, newer, resource = holders.one_after_the_other()
    begin, claim, wish, _ = pages.statements("outbox")
    database.run(begin)
    database.run(claim, resource=resource, token=newer)
    database.run(wish, key="order-42-mail", message="")
    database.run("ROLLBACK")
    assert database.run("SELECT * FROM outbox") == []
    assert database.run(claim, resource=resource, token=late) == 1
