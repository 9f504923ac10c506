"""Every error this project raises on purpose; anything else is a defect.

FinopsLakeError
├── RetryableError            the same call may succeed later
│   ├── ThrottledError        Azure asked us to wait; `retry_after` says how long
│   │   └── OutOfTimeError    Azure's published limits allow the call only after the time there is
│   ├── ReportError           a cost details report that Azure has not made, or not yet
│   ├── UnreachableError      no answer, or an answer that was not Azure's (network, 5xx, HTML)
│   ├── StoppedError          whoever started it asked it to stop
│   └── LockedError           another process holds the lake
└── PermanentError            the same call will fail again until somebody changes something
    ├── InputError            a value the user gave: field, value, what is allowed
    ├── ConfigError           the configuration: every fault at once
    ├── SignInError           no credential, an expired sign-in, a token Azure refuses
    ├── AccessDeniedError     signed in, but not allowed
    ├── UnsupportedOfferError Azure has no cost data for this kind of subscription
    ├── NotFoundError         the scope or resource does not exist
    ├── BadRequestError       Azure or DuckDB understood us and refused the question
    ├── BadFileError          a file that is damaged, foreign, or not what its manifest says
    ├── UnsafeReplyError      a reply we will not act on (a next link to a foreign host)
    └── LakeError             the lake itself
        ├── EmptyLakeError    nothing has been loaded yet
        ├── NewerLakeError    written by a newer version of this package
        ├── OutdatedLakeError another version of this package made its tables and views
        ├── ForeignLakeError  filled from another Azure (a demo, another cloud)
        └── StorageError      the disk is full, or the home cannot be written
"""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """What became of one listing or one month of cost of one scope."""

    LOADED = "loaded"
    PARTIAL = "partial"
    DENIED = "denied"
    UNSUPPORTED = "unsupported"
    THROTTLED = "throttled"
    FAILED = "failed"


class FinopsLakeError(Exception):
    """What failed, on what, and the next step; `cause` stays in `__cause__`."""

    outcome = Outcome.FAILED

    def __init__(
        self,
        message: str,
        *,
        next_step: str | None = None,
        code: str | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step
        self.code = code
        self.request_id = request_id

    def __str__(self) -> str:
        return f"{self.message} {self.next_step}" if self.next_step else self.message


class RetryableError(FinopsLakeError):
    """The same call may succeed later."""


class ThrottledError(RetryableError):
    """Azure asked us to wait `retry_after` seconds (None: it did not say how long)."""

    outcome = Outcome.THROTTLED

    def __init__(
        self,
        message: str,
        *,
        retry_after: float | None = None,
        next_step: str | None = None,
        code: str | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message, next_step=next_step, code=code, request_id=request_id)
        self.retry_after = retry_after


class OutOfTimeError(ThrottledError):
    """Azure's published limits allow the call only after the time there is; it was not made."""


class UnreachableError(RetryableError):
    """No answer, or an answer that was not Azure's."""


class ReportError(RetryableError):
    """Azure has not made a cost details report: it is still at it, it failed, or its links have expired."""


class StoppedError(RetryableError):
    """Whoever started it asked it to stop; what was loaded by then is kept."""


class LockedError(RetryableError):
    """Another process holds the lake."""


class PermanentError(FinopsLakeError):
    """The same call will fail again until somebody changes something."""


class InputError(PermanentError):
    """A value the user gave cannot be used.

    `field` is the name the user knows it by, `allowed` says in words what would do.
    """

    def __init__(self, field: str, value: object, allowed: str) -> None:
        super().__init__(f"{field}: {value!r} cannot be used; {allowed}.")
        self.field = field
        self.value = value
        self.allowed = allowed


class ConfigError(PermanentError):
    """The configuration has faults; all of them are listed, each with its place."""

    def __init__(self, faults: list[str]) -> None:
        lines = "\n".join(f"  - {fault}" for fault in faults)
        super().__init__(f"The configuration cannot be used ({len(faults)} to mend):\n{lines}")
        self.faults = faults


class SignInError(PermanentError):
    """There is no credential, it has expired, or Azure refuses its token."""


class AccessDeniedError(PermanentError):
    """Signed in, but without the role this call needs."""

    outcome = Outcome.DENIED


class UnsupportedOfferError(PermanentError):
    """Azure keeps no cost data for this kind of subscription; that is not a cost of 0."""

    outcome = Outcome.UNSUPPORTED


class NotFoundError(PermanentError):
    """The scope or resource does not exist, or is hidden from this account."""


class BadRequestError(PermanentError):
    """Azure or DuckDB understood the question and refused it."""


class BadFileError(PermanentError):
    """A file cannot be read: the message names it, the row or column, and what is missing."""


class UnsafeReplyError(PermanentError):
    """Azure's reply points somewhere we will not send a token to."""


class LakeError(PermanentError):
    """Something about the lake's files."""


class EmptyLakeError(LakeError):
    """Nothing has been loaded yet."""


class NewerLakeError(LakeError):
    """The lake was written by a newer version of this package."""


class OutdatedLakeError(LakeError):
    """The lake lacks what is asked of it, since another version of this package made its tables and views."""


class ForeignLakeError(LakeError):
    """The lake was filled from another Azure than the one configured."""


class StorageError(LakeError):
    """The home cannot be written: permission, a full disk, a missing folder."""


def asked_azure(error: FinopsLakeError) -> bool:
    """Return whether an error came of asking Azure, so that the id of the request helps to find out why."""
    return isinstance(
        error,
        ThrottledError
        | UnreachableError
        | SignInError
        | AccessDeniedError
        | UnsupportedOfferError
        | NotFoundError
        | UnsafeReplyError,
    )
