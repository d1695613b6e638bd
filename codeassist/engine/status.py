"""The status of an engine, and who wants to hear of it."""

from __future__ import annotations

from codeassist.errors import EngineUnavailable
from codeassist.protocols import StatusListener
from codeassist.types import EngineStatus


class StatusBoard:
    """Holds the current status and calls every listener when it changes. Lives on the event loop."""

    def __init__(self) -> None:
        self.current = EngineStatus("stopped")
        self._listeners: list[StatusListener] = []

    def listen(self, listener: StatusListener) -> None:
        """Call `listener` on every later change."""
        self._listeners.append(listener)

    def show(self, status: EngineStatus) -> None:
        """Make `status` the current one; a repetition calls nobody."""
        if status == self.current:
            return
        self.current = status
        for listener in tuple(self._listeners):
            listener(status)

    def require_ready(self) -> None:
        """Raises EngineUnavailable, in the words of the current status, unless the engine answers now."""
        if self.current.state != "ready":
            raise EngineUnavailable(f"the engine is {self.current.state}: {self.current.message or 'call start first'}")
