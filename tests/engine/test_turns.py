"""Who goes first, and that nobody waits for ever and nothing is kept."""

from __future__ import annotations

import asyncio
import random
from collections import Counter

import pytest

from codeassist.engine.turns import KEPT_CLIENTS, Turns
from codeassist.types import Priority


class Worker:
    """Asks for a seat, notes when it got one, and holds it until told."""

    def __init__(
        self, turns: Turns, seated: list[str], name: str, priority: int = 0, client: str = "", size: int = 1
    ) -> None:
        self.may_end = asyncio.Event()
        self.seat = turns.seat(priority, client, size)
        self.n_tokens = 0
        self._seated = seated
        self._name = name
        self.task = asyncio.create_task(self._work())

    async def _work(self) -> None:
        async with self.seat as seat:
            self._seated.append(self._name)
            await self.may_end.wait()
            seat.charge(self.n_tokens)


async def steps(n: int = 5) -> None:
    for _ in range(n):
        await asyncio.sleep(0)


async def drain(workers: list[Worker]) -> None:
    """Let the seated ones end, one after the other, until all have been seated."""
    running = list(workers)
    while running:
        await steps()
        ready = next(worker for worker in running if worker.seat.is_taken)
        ready.may_end.set()
        await ready.task
        running.remove(ready)


async def test_the_most_urgent_is_seated_first_and_equals_in_order_of_arrival() -> None:
    turns, seated = Turns(1), list[str]()
    workers = [Worker(turns, seated, name, priority) for name, priority in [("a", 10), ("b", 10), ("c", 0), ("d", 20)]]
    await drain(workers)
    assert seated == ["a", "c", "b", "d"]  # the first one found the seat free


async def test_a_flood_of_one_client_delays_each_of_31_others_by_no_more_than_its_share() -> None:
    turns, seated = Turns(4), list[str]()
    flood = [Worker(turns, seated, "flood", client="flood") for _ in range(100)]
    await steps()
    others = [Worker(turns, seated, f"{n}", client=f"{n}") for n in range(31)]
    for worker in [*flood, *others]:
        worker.n_tokens = 50
    await drain([*flood, *others])
    last_of_others = max(seated.index(f"{n}") for n in range(31))
    assert Counter(seated[: last_of_others + 1])["flood"] <= 4 + 4 + 1


async def test_clients_share_by_tokens_and_not_by_requests() -> None:
    turns, seated = Turns(1), list[str]()
    long = [Worker(turns, seated, "long", client="long") for _ in range(30)]
    short = [Worker(turns, seated, "short", client="short") for _ in range(30)]
    for worker in long:
        worker.n_tokens = 300
    await drain([*long, *short])
    assert Counter(seated[:20])["short"] > 15


async def test_having_been_away_earns_nothing() -> None:
    turns, seated = Turns(1), list[str]()
    for _ in range(3):
        worker = Worker(turns, seated, "a", client="a")
        keeper = Worker(turns, seated, "a", client="a")
        worker.n_tokens = keeper.n_tokens = 1000
        await drain([worker])
        late = [Worker(turns, seated, "b", client="b") for _ in range(3)]
        again = [Worker(turns, seated, "a", client="a") for _ in range(3)]
        await drain([keeper, *late, *again])
    assert turns.n_clients == 0


async def test_the_last_seats_are_kept_for_completions() -> None:
    turns, seated = Turns(4, n_reserved=1), list[str]()
    chats = [Worker(turns, seated, "chat", Priority.CHAT, f"{n}") for n in range(8)]
    await steps()
    assert seated == ["chat"] * 3
    completion = Worker(turns, seated, "completion", Priority.COMPLETION, "c")
    await steps()
    assert seated[-1] == "completion"
    await drain([completion])
    await steps()
    assert len(seated) == 4
    await drain(chats)
    assert (turns.n_free, turns.n_waiting) == (4, 0)


async def test_everybody_has_a_seat_however_many_are_reserved() -> None:
    turns, seated = Turns(1, n_reserved=5), list[str]()
    await drain([Worker(turns, seated, "chat", Priority.CHAT)])
    assert seated == ["chat"]


async def test_who_becomes_more_urgent_while_waiting_is_seated_sooner() -> None:
    turns, seated = Turns(1), list[str]()
    workers = [Worker(turns, seated, name, 10, name) for name in "abc"]
    await steps()
    workers[2].seat.raise_to(0)
    await drain(workers)
    assert seated == ["a", "c", "b"]


async def test_who_stops_waiting_leaves_the_queue_even_when_its_turn_just_came() -> None:
    turns, seated = Turns(1), list[str]()
    first = turns.seat(0, "a")
    await turns.take(first)
    second, third = (Worker(turns, seated, name, client=name) for name in "bc")
    await steps()
    turns.give_back(first)
    assert second.seat.is_taken  # its turn has come, and it has not run since
    second.task.cancel()
    third.may_end.set()
    await third.task
    assert seated == ["c"]
    assert (turns.n_free, turns.n_waiting, turns.n_clients) == (1, 0, 0)


async def test_a_cancelled_one_takes_nobodys_turn() -> None:
    turns, seated = Turns(1), list[str]()
    first, second, third = (Worker(turns, seated, name, client=name) for name in "abc")
    await steps()
    second.task.cancel()
    first.may_end.set()
    third.may_end.set()
    await asyncio.gather(first.task, third.task)
    assert seated == ["a", "c"]
    assert turns.n_clients == 0


async def test_little_is_remembered_of_clients_that_come_and_go() -> None:
    turns, seated = Turns(2), list[str]()
    stays = Worker(turns, seated, "stays", client="stays")
    await steps()
    for n in range(3 * KEPT_CLIENTS):
        async with turns.seat(0, f"{n}") as seat:
            seat.charge(n)
    assert turns.n_clients <= KEPT_CLIENTS + 2
    await drain([stays])
    assert turns.n_clients == 0


@pytest.mark.parametrize("seed", range(30))
async def test_no_schedule_loses_a_seat_or_seats_too_many(seed: int) -> None:
    chance = random.Random(seed)
    n_seats, n_reserved = chance.randint(1, 5), chance.randint(0, 4)
    turns, seated, workers = Turns(n_seats, n_reserved), list[str](), list[Worker]()
    for n in range(200):
        what = chance.random()
        if what < 0.5 or not workers:
            priority = chance.choice(list(Priority))
            workers.append(Worker(turns, seated, str(n), priority, str(chance.randint(0, 6)), chance.choice([1, 1, 2])))
        elif what < 0.75:
            chance.choice(workers).task.cancel()
        elif what < 0.85:
            chance.choice(workers).seat.raise_to(chance.choice(list(Priority)))
        else:
            chance.choice(workers).may_end.set()
        await steps(chance.randint(0, 3))
        assert 0 <= turns.n_free <= n_seats
    for worker in workers:
        worker.may_end.set()
    await asyncio.gather(*(worker.task for worker in workers), return_exceptions=True)
    assert (turns.n_free, turns.n_waiting, turns.n_clients) == (n_seats, 0, 0)


async def test_a_request_of_several_answers_takes_as_many_seats_and_none_of_those_for_completions() -> None:
    turns, seated = Turns(8, 5), list[str]()
    pair, one, two = (
        Worker(turns, seated, name, Priority.CHAT, name, size) for name, size in [("pair", 2), ("one", 1), ("two", 2)]
    )
    urgent = Worker(turns, seated, "urgent")
    await steps()
    assert seated == ["pair", "one", "urgent"]
    one.may_end.set()
    await steps()
    assert seated == ["pair", "one", "urgent"]  # one seat is not enough for two answers
    pair.may_end.set()
    await steps()
    assert seated[3:] == ["two"]
    greedy = Worker(turns, seated, "greedy", Priority.CHAT, "greedy", 99)
    await drain([two, urgent, greedy])
    assert (turns.n_free, turns.n_waiting, turns.n_clients) == (8, 0, 0)
