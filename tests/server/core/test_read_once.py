"""What is read once while a page is answered."""

from __future__ import annotations

from beffroi_server.core.read_once import one_reading, read_once

asked: list[tuple[int, ...]] = []


@read_once
def look_up(*numbers: int) -> int:
    asked.append(numbers)
    return len(asked)


def test_each_question_is_asked_once_while_a_page_is_answered():
    asked.clear()
    with one_reading():
        assert (look_up(1), look_up(1), look_up(2)) == (1, 1, 2)

    assert asked == [(1,), (2,)]


def test_the_next_page_asks_anew():
    asked.clear()
    for _page in range(2):
        with one_reading():
            look_up(1)

    assert asked == [(1,), (1,)]


def test_elsewhere_every_call_asks():
    asked.clear()
    look_up(1)
    look_up(1)

    assert asked == [(1,), (1,)]


def test_what_was_read_before_is_not_asked_for():
    asked.clear()
    with one_reading({look_up: 7}):
        assert (look_up(), look_up(1)) == (7, 1)

    assert asked == [(1,)]
