"""Who asked, told everywhere: a request id and names that follow the work through threads, and OpenTelemetry spans.

The spans go through the OpenTelemetry API alone: without an SDK in the process they are nothing and cost nothing.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from opentelemetry.trace import Span as Span
    from opentelemetry.trace import SpanKind

Given = TypeVar("Given")
Arguments = ParamSpec("Arguments")

Value = str | int | float | bool

_ABOUT: ContextVar[Mapping[str, str]] = ContextVar("finops_lake_about", default={})  # noqa: B039 - never changed in place
_NOTED: ContextVar[dict[str, str] | None] = ContextVar("finops_lake_noted", default=None)


def new_request_id() -> str:
    """Return an id for one piece of work: random, and of the form Azure wants in its headers."""
    return str(uuid.uuid4())


def about() -> Mapping[str, str]:
    """Return what is known here of the work being done: request_id, tool or command, operation, scope."""
    return _ABOUT.get()


def request_id() -> str | None:
    """Return the id of the work being done; None outside any."""
    return _ABOUT.get().get("request_id")


@contextmanager
def doing(**names: str | None) -> Iterator[None]:
    """Add names to what is said about the work inside; those that are None are left out."""
    token = _ABOUT.set({**_ABOUT.get(), **{name: value for name, value in names.items() if value is not None}})
    try:
        yield
    finally:
        _ABOUT.reset(token)


@contextmanager
def request(**names: str | None) -> Iterator[str]:
    """Begin a piece of work with an id of its own, and give the id; within another, that one's id is kept."""
    found = request_id() or new_request_id()
    with doing(request_id=found, **names):
        yield found


@contextmanager
def noting() -> Iterator[dict[str, str]]:
    """Give what `note` is told inside, in whichever thread that carries on from here."""
    noted: dict[str, str] = {}
    token = _NOTED.set(noted)
    try:
        yield noted
    finally:
        _NOTED.reset(token)


def note(**facts: str) -> None:
    """Tell whoever is noting something about the work."""
    noted = _NOTED.get()
    if noted is not None:
        noted.update(facts)


def carried(work: Callable[Arguments, Given]) -> Callable[Arguments, Given]:
    """Return `work` to be run in another thread as if it ran here: same request, same span above it."""
    context = copy_context()

    def run(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Given:
        return context.run(work, *args, **kwargs)

    return run


@contextmanager
def span(name: str, attributes: Mapping[str, Value | None], *, client: bool = False) -> Iterator[Span]:
    """Trace what is done inside as one span; an error that leaves it marks it, by its type and without its text.

    Error texts may hold names of resources, which are nobody's business outside the lake.
    """
    from opentelemetry.trace import get_tracer

    kept = {key: value for key, value in attributes.items() if value is not None}
    with get_tracer("finops_lake").start_as_current_span(
        name, kind=_kind(client), attributes=kept, record_exception=False, set_status_on_exception=False
    ) as current:
        try:
            yield current
        except BaseException as error:
            mark_failed(current, type(error).__name__)
            raise


def mark_failed(current: Span, error_type: str) -> None:
    """Say that what a span covers failed, and how."""
    from opentelemetry.trace import StatusCode

    current.set_attribute("error.type", error_type)
    current.set_status(StatusCode.ERROR)


def _kind(client: bool) -> SpanKind:
    from opentelemetry.trace import SpanKind

    return SpanKind.CLIENT if client else SpanKind.INTERNAL
