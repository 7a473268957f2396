"""The other shapes: shared locks, permits, several resources, leadership."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from support import delete, is_free, manager, on_how_many, run, start

import asio_redlock as redlock

Names = Callable[[str], str]


def test_readers_share_and_exclude_a_writer(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks, manager(nodes) as others:
            async with locks.shared_lock(name) as one, others.shared_lock(name) as two:
                assert one.mode == two.mode == "shared"
                assert one.token != two.token
                assert await others.try_lock(name) is None
                status = await locks.status(name)
                assert (status.mode, status.reader_count) == ("shared", 2)
            async with locks.lock(name, wait=5):
                assert await others.try_shared_lock(name) is None

    run(body())


def test_contended_by_readers_tells_how_many(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks, locks.shared_lock(name), locks.shared_lock(name):
            with pytest.raises(redlock.Contended) as caught:
                await locks.lock(name, wait=0)
            assert caught.value.holder is not None
            assert (caught.value.holder.mode, caught.value.holder.readers) == ("shared", 2)

    run(body())


def test_writer_that_waits_gets_the_lock_after_the_readers(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks, manager(nodes) as others:
            reader = await locks.shared_lock(name)
            writer = start(others.lock(name))
            await asyncio.wait([writer], timeout=0.03)
            assert not writer.done()
            await reader.release()
            async with await writer as lock:
                assert lock.mode == "exclusive"

    run(body())


def test_downgrade_lets_readers_in_and_never_a_writer(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks, manager(nodes) as others:
            async with locks.lock(name) as lock:
                token = lock.token
                await lock.downgrade()
                assert lock.valid and lock.mode == "shared" and lock.token == token
                async with others.shared_lock(name, wait=5):
                    assert await others.try_lock(name) is None

    run(body())


def test_downgrade_of_a_reader_extends_it(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks, locks.shared_lock(name, lease_time=5) as lock:
            await lock.downgrade()
            assert lock.mode == "shared" and lock.valid

    run(body())


def test_downgrade_of_several_is_refused(nodes: list[str], names: Names) -> None:
    async def body() -> None:
        async with manager(nodes) as locks, locks.lock_all([names("a"), names("b")]) as both:
            with pytest.raises(ValueError, match="several"):
                await both.downgrade()
            assert both.valid

    run(body())


@pytest.mark.parametrize("permits", [1, 2, 5])
def test_as_many_permits_as_there_are(nodes: list[str], name: str, permits: int) -> None:
    async def body() -> None:
        async with manager(nodes) as locks, manager(nodes) as others:
            held = [await locks.permit(name, permits) for _ in range(permits)]
            assert {one.slot for one in held} == set(range(permits))
            assert {one.resource for one in held} == {name}
            assert await others.try_permit(name, permits) is None
            with pytest.raises(redlock.TimedOut):
                await others.permit(name, permits, wait=0.02)
            await held[0].release()
            again = await others.permit(name, permits, wait=5)
            assert again.slot == held[0].slot
            assert again.fencing_token > held[0].fencing_token

    run(body())


def test_another_number_of_permits_is_refused(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks, manager(nodes) as others:
            async with locks.permit(name, 3):
                with pytest.raises(redlock.PermitsMismatch, match=r"3.*4|4.*3"):
                    await others.permit(name, 4)
                with pytest.raises(redlock.PermitsMismatch):
                    await others.try_permit(name, 2)

    run(body())


def test_permits_run_at_most_so_many_at_once(nodes: list[str], name: str) -> None:
    inside = most = entered = 0

    async def body() -> None:
        async with manager(nodes) as locks:

            async def one() -> None:
                nonlocal inside, most, entered
                async with locks.permit(name, 3):
                    inside += 1
                    entered += 1
                    most = max(most, inside)
                    await asyncio.sleep(0)
                    inside -= 1

            await asyncio.gather(*(one() for _ in range(20)))

    run(body())
    assert most <= 3 and entered == 20


def test_permit_and_lock_of_one_name_are_two_things(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks, locks.permit(name, 1):
            async with locks.lock(name, wait=0):
                pass

    run(body())


def test_permit_is_attached_by_its_token(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks, manager(nodes) as others:
            permit = await locks.permit(name, 2)
            slot = permit.slot
            async with await others.attach_permit(name, 2, permit.detach()) as attached:
                assert attached.slot == slot
                assert (await locks.semaphore_status(name, 2)).slots[slot or 0].verdict == "held"
            with pytest.raises(redlock.LockLost):
                await others.attach_permit(name, 2, "nobody's")

    run(body())


def test_several_are_all_or_none(nodes: list[str], names: Names) -> None:
    a, b, c = names("a"), names("b"), names("c")

    async def body() -> None:
        async with manager(nodes) as locks, manager(nodes) as others:
            async with locks.lock_all([b, a]) as both:
                assert both.resources == (a, b)
                assert both.resource == a
                assert await others.try_lock(a) is None
                assert await others.try_lock(b) is None
                assert await others.try_lock_all([b, c]) is None
                assert on_how_many(nodes, c) == 0
                with pytest.raises(redlock.Contended) as caught:
                    await others.lock_all([c, b], wait=0)
                assert caught.value.holder is not None
                assert caught.value.holder.resource == b
            assert not await others.is_locked(a) and not await others.is_locked(b)

    run(body())


def test_opposite_orders_cannot_block_each_other(nodes: list[str], names: Names) -> None:
    a, b = names("a"), names("b")
    done = 0

    async def body() -> None:
        async with manager(nodes) as locks, manager(nodes) as others:

            async def transfer(through: redlock.LockManager, *pair: str) -> None:
                nonlocal done
                for _ in range(10):
                    async with through.lock_all(pair, wait=20):
                        done += 1

            await asyncio.gather(transfer(locks, a, b), transfer(others, b, a))

    run(body())
    assert done == 20


@pytest.mark.parametrize("kind", [list, tuple, set, dict.fromkeys, iter])
def test_names_come_in_any_collection(nodes: list[str], names: Names, kind: type) -> None:
    async def body() -> None:
        async with manager(nodes) as locks:
            async with locks.lock_all(kind([names("a"), names("b")])) as both:
                assert len(both.resources) == 2

    run(body())


def test_acquisition_of_an_iterator_can_be_used_again(nodes: list[str], names: Names) -> None:
    async def body() -> None:
        async with manager(nodes) as locks:
            acquisition = locks.lock_all(iter([names("a"), names("b")]))
            for _ in range(2):
                async with acquisition as both:
                    assert len(both.resources) == 2

    run(body())


def test_64_names(nodes: list[str], names: Names) -> None:
    many = [names(str(i)) for i in range(64)]

    async def body() -> None:
        async with manager(nodes) as locks, locks.lock_all(many) as lock:
            assert sorted(many) == list(lock.resources)

    run(body())
    for one in many:
        is_free(nodes, one)


def test_one_name_alone_is_an_ordinary_lock(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks, locks.lock_all([name]) as lock:
            assert lock.resources == (name,)
            await lock.downgrade()

    run(body())


def test_loss_of_one_name_is_the_loss_of_all(nodes: list[str], names: Names) -> None:
    async def body() -> None:
        async with manager(nodes) as locks:
            both = await locks.lock_all([names("a"), names("b")])
            lost = asyncio.ensure_future(both.wait_lost())
            await asyncio.wait([lost], timeout=0.05)
            delete(nodes, names("b"))
            with pytest.raises(redlock.LockLost):
                await lost
            assert not both.valid

    run(body())


def test_several_are_attached_by_all_their_names(nodes: list[str], names: Names) -> None:
    pair = [names("a"), names("b")]

    async def body() -> None:
        async with manager(nodes) as locks, manager(nodes) as others:
            token = (await locks.lock_all(pair)).detach()
            async with await others.attach_all(pair, token) as both:
                assert both.resources == tuple(pair)
            assert not await locks.is_locked(pair[0])

    run(body())


def test_term_has_a_number_and_a_proclamation(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks, locks.leadership(name, label="machine 7") as term:
            assert isinstance(term, redlock.Term)
            await term.proclaim("http://10.0.0.7")
            status = await locks.status(name)
            assert status.fencing_token == term.fencing_token
            assert (status.label, status.proclaimed) == ("machine 7", "http://10.0.0.7")
            await term.proclaim(b"\xff")
            assert (await locks.status(name)).proclaimed == "\udcff"

    run(body())


def test_leadership_excludes_a_lock_of_the_name(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks, locks.leadership(name):
            assert await locks.try_lock(name) is None
            with pytest.raises(redlock.Contended):
                await locks.leadership(name, wait=0)

    run(body())


@pytest.mark.parametrize("pause", [0, 1, 3])
def test_resigned_term_ends_its_block(nodes: list[str], name: str, pause: int) -> None:
    async def body() -> None:
        async with manager(nodes) as locks:
            with pytest.raises(redlock.Resigned, match="was resigned"):
                async with locks.leadership(name) as term:
                    term.resign()
                    for _ in range(pause):
                        await asyncio.sleep(0)
            task = asyncio.current_task()
            assert task is not None and task.cancelling() == 0
            await asyncio.sleep(0)
            assert not await locks.is_locked(name)

    run(body())


def test_resigned_term_leaves_a_cancellation_from_outside(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks:

            async def work() -> None:
                async with locks.leadership(name) as term:
                    term.resign()
                    task = asyncio.current_task()
                    assert task is not None
                    task.cancel("from outside")

            with pytest.raises(asyncio.CancelledError):
                await asyncio.ensure_future(work())
            assert not await locks.is_locked(name)

    run(body())


def test_campaign_returns_what_the_body_returns(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks:

            async def lead(term: redlock.Term) -> int:
                assert term.valid
                return term.fencing_token

            assert await locks.campaign(name, lead) > 0
            assert not await locks.is_locked(name)

    run(body())


@pytest.mark.parametrize("pause", [False, True])
def test_resigned_term_makes_the_campaign_begin_again(
    nodes: list[str], name: str, pause: bool
) -> None:
    numbers: list[int] = []

    async def body() -> None:
        async with manager(nodes) as locks:

            async def lead(term: redlock.Term) -> str:
                numbers.append(term.fencing_token)
                if len(numbers) < 3:
                    term.resign()
                    if pause:
                        await asyncio.sleep(60)
                return "done"

            assert await locks.campaign(name, lead) == "done"

    run(body())
    assert len(numbers) == 3 and numbers == sorted(set(numbers))


def test_lost_term_makes_the_campaign_begin_again(nodes: list[str], name: str) -> None:
    terms = 0

    async def body() -> None:
        async with manager(nodes) as locks:

            async def lead(term: redlock.Term) -> str:
                nonlocal terms
                terms += 1
                if terms == 1:
                    await asyncio.sleep(0.05)
                    delete(nodes, name)
                    await asyncio.sleep(60)
                return "done"

            assert await locks.campaign(name, lead) == "done"

    run(body())
    assert terms == 2


def test_body_s_error_ends_the_campaign(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks:

            async def fail(term: redlock.Term) -> None:
                raise KeyError("its own")

            async def fail_at_the_end(term: redlock.Term) -> None:
                term.resign()
                try:
                    await asyncio.sleep(60)
                finally:
                    raise KeyError("its own")

            async def lose_another(term: redlock.Term) -> None:
                raise redlock.LockLost("another lock")

            for failing in (fail, fail_at_the_end):
                with pytest.raises(KeyError, match="its own"):
                    await locks.campaign(name, failing)
            with pytest.raises(redlock.LockLost, match="another lock"):
                await locks.campaign(name, lose_another)
            assert not await locks.is_locked(name)

    run(body())


def test_cancelled_campaign_leaves_nothing(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks:
            leads = asyncio.Event()

            async def lead(term: redlock.Term) -> None:
                leads.set()
                await asyncio.sleep(60)

            campaign = asyncio.ensure_future(locks.campaign(name, lead))
            await leads.wait()
            campaign.cancel()
            with pytest.raises(asyncio.CancelledError):
                await campaign
            assert not await locks.is_locked(name)

    run(body())


def test_observer_sees_leaders_and_what_they_proclaim(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks, manager(nodes) as others:
            views = others.observe(name)
            first = await anext(views)
            assert not first and first.token == ""
            async with locks.leadership(name, label="machine 7") as term:
                view = await anext(views)
                assert view and view.term == term.fencing_token and view.label == "machine 7"
                await term.proclaim("x")
                while view.proclaimed != "x":
                    view = await anext(views)
            while await anext(views):
                pass
            await views.aclose()  # type: ignore[attr-defined]

    run(body())


def test_cancelled_observer_can_look_again(nodes: list[str], name: str) -> None:
    async def body() -> None:
        async with manager(nodes) as locks:
            views = locks.observe(name)
            assert not await anext(views)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.02):
                    await anext(views)
            assert not await anext(locks.observe(name))

    run(body())
