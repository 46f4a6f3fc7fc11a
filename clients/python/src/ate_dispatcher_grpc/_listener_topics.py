"""The topics of a listener, across reconnects."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from ate_dispatcher_grpc._gen.ate.dispatcher.v1.listener_pb2 import TopicsChanged
from ate_dispatcher_grpc.errors import DispatcherError


@dataclass
class _Change:
    unconfirmed: set[str]
    """The topics that the server has not confirmed yet."""
    is_addition: bool
    done: Future[None]
    is_in_listen: bool = False
    """Whether the ListenRequest of the current stream already contains the change."""


class ListenerTopics:
    """The topics to listen to, and the changes that await confirmation."""

    def __init__(self, initial: Sequence[str]) -> None:
        self._topics = dict.fromkeys(initial)
        self._changes: list[_Change] = []

    def current(self) -> list[str]:
        """Returns the topics for the ListenRequest of the next stream."""
        return list(self._topics)

    def add(self, topics: Sequence[str]) -> tuple[list[str], Future[None]]:
        """Records additions; returns the topics to send, and a future that the confirmation settles."""
        missing = [topic for topic in topics if topic not in self._topics or self._is_unconfirmed(topic)]
        self._topics.update(dict.fromkeys(topics))
        return missing, self._change(missing, True)

    def remove(self, topics: Sequence[str]) -> tuple[list[str], Future[None]]:
        """Records removals; returns the topics to send, and a future that the confirmation settles."""
        present = [topic for topic in topics if topic in self._topics or self._is_unconfirmed(topic)]
        for topic in topics:
            self._topics.pop(topic, None)
        return present, self._change(present, False)

    def stream_started(self) -> None:
        """Marks pending changes as contained in the ListenRequest of a new stream."""
        for change in self._changes:
            change.is_in_listen = True

    def stream_is_live(self) -> None:
        """Confirms the changes that the ListenRequest of the now live stream contained."""
        for change in self._changes:
            if change.is_in_listen:
                change.unconfirmed.clear()
        self._settle()

    def apply_confirmation(self, change: TopicsChanged) -> None:
        """Applies a confirmation, also of a change that another program made with UpdateListener."""
        for topic in change.added:
            self._confirm(topic, True)
        for topic in change.removed:
            self._confirm(topic, False)
        self._settle()

    def fail_pending(self, error: DispatcherError) -> None:
        """Fails all pending changes: no further confirmation will arrive."""
        changes, self._changes = self._changes, []
        for change in changes:
            if change.done.set_running_or_notify_cancel():
                change.done.set_exception(error)

    def _change(self, topics: Sequence[str], is_addition: bool) -> Future[None]:
        change = _Change(set(topics), is_addition, Future())
        self._changes.append(change)
        self._settle()
        return change.done

    def _confirm(self, topic: str, is_addition: bool) -> None:
        is_ours = self._is_unconfirmed(topic)
        for change in self._changes:
            if change.is_addition == is_addition:
                change.unconfirmed.discard(topic)
        if is_ours:
            return
        if is_addition:
            self._topics[topic] = None
        else:
            self._topics.pop(topic, None)

    def _is_unconfirmed(self, topic: str) -> bool:
        return any(topic in change.unconfirmed for change in self._changes)

    def _settle(self) -> None:
        for change in self._changes:
            if not change.unconfirmed and change.done.set_running_or_notify_cancel():
                change.done.set_result(None)
        self._changes = [change for change in self._changes if change.unconfirmed]
