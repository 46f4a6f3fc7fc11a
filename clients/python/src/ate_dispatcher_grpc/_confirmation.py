"""Waits for the dispatcher to confirm a change of topics."""

from __future__ import annotations

from concurrent.futures import Future

from ate_dispatcher_grpc._time import wait_time


def wait_for_confirmation(done: Future[None], timeout: float | None) -> None:
    """Waits until the dispatcher confirms a change.

    Args:
        done: Settles with the dispatcher's answer.
        timeout: In seconds; None waits without a limit.

    Raises:
        TimeoutError: the dispatcher did not answer in time.
        DispatcherError: the dispatcher rejected the change, or the session ended first.
    """
    try:
        done.result(wait_time(timeout))
    except TimeoutError:
        raise
    except Exception as error:
        # In Python 3.10, concurrent.futures.TimeoutError is not yet the built-in TimeoutError.
        if type(error).__name__ == "TimeoutError":
            raise TimeoutError("the dispatcher did not confirm the change in time") from None
        raise
