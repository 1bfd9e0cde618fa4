"""Which signals are requests, and that the handlers are as before in the end."""

import signal
import threading

import pytest

from tinygan.cli.terminal.interrupts import REQUESTS, polite_interrupts


@pytest.mark.parametrize("number", REQUESTS, ids=lambda number: number.name)
def test_the_first_is_a_request_and_the_second_an_order(number):
    before = signal.getsignal(number)
    with polite_interrupts() as request:
        assert request.signal_number is None
        signal.raise_signal(number)
        assert request.signal_number == number
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(number) == before


def test_all_that_end_a_terminal_session_are_requests():
    assert {"SIGINT", "SIGTERM", "SIGHUP"} & set(dir(signal)) == {number.name for number in REQUESTS}


def test_what_is_ignored_as_under_nohup_stays_ignored():
    before = signal.signal(REQUESTS[-1], signal.SIG_IGN)
    try:
        with polite_interrupts() as request:
            signal.raise_signal(REQUESTS[-1])
        assert request.signal_number is None
    finally:
        signal.signal(REQUESTS[-1], before)


def test_in_another_thread_nothing_is_noted():
    requests = []

    def look():
        with polite_interrupts() as request:
            requests.append(request.signal_number)

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert requests == [None]


def test_a_handler_that_is_not_pythons_is_left_alone(monkeypatch):
    set_to = []
    monkeypatch.setattr(signal, "signal", lambda number, handler: set_to.append(handler))  # which returns None
    with polite_interrupts():
        pass
    assert None not in set_to
