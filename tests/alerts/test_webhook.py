"""One message to one webhook: real servers, real certificates, no address in what comes back."""

from __future__ import annotations

import logging
import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from finops_lake.alert_rules import Channel
from finops_lake.alerts import webhook as module
from finops_lake.alerts.webhook import Webhook, address_of
from finops_lake.errors import ConfigError
from tests.alerts.receiver import SECRET, Reply, leaks, receiving


class Naps:
    """Notes how long was slept, without sleeping."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


@pytest.fixture
def naps() -> Naps:
    return Naps()


def test_message_arrives_with_its_id_as_json(naps: Naps) -> None:
    with receiving() as receiver:
        reply = Webhook(receiver.address, None, naps).post(b'{"a":"\xc3\xa4"}', "m-1")
    (request,) = receiver.requests
    assert (reply.sent, reply.words, naps.seconds) == (True, "answered 200", [])
    assert request.body == {"a": "ä"}
    assert request.path == f"/services/{SECRET}"
    assert request.headers["Idempotency-Key"] == "m-1"
    assert request.headers["Content-Type"] == "application/json; charset=utf-8"


def test_too_many_requests_wait_as_long_as_asked(naps: Naps) -> None:
    with receiving([Reply(429, {"Retry-After": "3"}), Reply(500)]) as receiver:
        reply = Webhook(receiver.address, None, naps).post(b"{}", "m-1")
    assert reply.sent
    assert naps.seconds == [3.0, 2.0]
    assert [request.headers["Idempotency-Key"] for request in receiver.requests] == ["m-1"] * 3


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_long_retry_after_is_left_to_a_later_refresh(naps: Naps, form: str) -> None:
    at = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    with receiving([Reply(429, {"Retry-After": "3600" if form == "seconds" else at})]) as receiver:
        reply = Webhook(receiver.address, None, naps).post(b"{}", "m-1")
    assert (reply.sent, reply.words, naps.seconds, len(receiver.requests)) == (False, "answered 429", [], 1)
    assert 3590 < reply.hold_seconds <= 3600


@pytest.mark.parametrize("header", ["soon", "-1", "", "9" * 400, "Fri, 99 Foo 2026 00:00:00 GMT"])
def test_hostile_retry_after_neither_fails_nor_holds_for_ever(naps: Naps, header: str) -> None:
    with receiving([Reply(429, {"Retry-After": header})] * 3) as receiver:
        reply = Webhook(receiver.address, None, naps).post(b"{}", "m-1")
    assert not reply.sent
    assert reply.hold_seconds <= 86_400
    assert all(seconds <= 10 for seconds in naps.seconds)


def test_failures_of_the_other_side_are_tried_three_times(naps: Naps) -> None:
    with receiving([Reply(500)] * 5) as receiver:
        reply = Webhook(receiver.address, None, naps).post(b"{}", "m-1")
    assert (reply.sent, reply.words, len(receiver.requests)) == (False, "answered 500", 3)
    assert naps.seconds == [1.0, 2.0]


def test_refusal_is_not_repeated_and_its_code_is_told(naps: Naps) -> None:
    with receiving([Reply(400, body=b"invalid_payload")]) as receiver:
        reply = Webhook(receiver.address, None, naps).post(b"{}", "m-1")
    assert (reply.words, len(receiver.requests)) == ("answered 400, invalid_payload", 1)


@pytest.mark.parametrize("body", [SECRET.encode(), SECRET.split("/")[2].encode(), b"x" * 100_000, b"<script>", b"\xff"])
def test_reply_that_repeats_the_address_or_prose_is_not_told(naps: Naps, body: bytes) -> None:
    with receiving([Reply(403, body=body)]) as receiver:
        reply = Webhook(receiver.address, None, naps).post(b"{}", "m-1")
    assert reply.words == "answered 403"


def test_redirect_is_followed_nowhere(naps: Naps) -> None:
    with receiving() as other, receiving([Reply(307, {"Location": other.address})]) as receiver:
        reply = Webhook(receiver.address, None, naps).post(b"{}", "m-1")
    assert (reply.sent, reply.words) == (False, "answered 307, a redirect, which is not followed")
    assert (len(receiver.requests), other.requests) == (1, [])


def test_reply_that_does_not_come_in_time_is_not_repeated_at_once(naps: Naps, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "READ_SECONDS", 0.2)
    answered = threading.Event()
    with receiving() as receiver:
        receiver.on_request = lambda: answered.wait(60)
        reply = Webhook(receiver.address, None, naps).post(b"{}", "m-1")
        answered.set()
    assert not reply.sent
    assert "it may have arrived" in reply.words
    assert len(receiver.requests) == 1


def test_reply_that_comes_byte_by_byte_costs_a_bounded_time(naps: Naps, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "READ_SECONDS", 0.5)
    monkeypatch.setattr(module, "ATTEMPT_SECONDS", 1.0)
    with receiving([Reply(400, body=b"x" * 50, between=0.1)]) as receiver:
        reply = Webhook(receiver.address, None, naps).post(b"{}", "m-1")
    assert not reply.sent
    assert reply.words == "no whole reply within 1 seconds; it may have arrived"


def test_nobody_there_is_told_without_the_address(naps: Naps) -> None:
    with receiving() as receiver:
        address = receiver.address
    reply = Webhook(address, None, naps).post(b"{}", "m-1")
    assert (reply.sent, reply.words) == (False, "cannot be reached (ConnectionError)")


def test_certificate_is_verified(naps: Naps, tmp_path: Path) -> None:
    with receiving(ca_folder=tmp_path) as receiver:
        strange = Webhook(receiver.address, None, naps).post(b"{}", "m-1")
        trusted = Webhook(receiver.address, tmp_path / "ca.pem", naps).post(b"{}", "m-1")
    assert not strange.sent
    assert strange.words.startswith("its certificate cannot be trusted")
    assert trusted.sent
    assert len(receiver.requests) == 1


def test_nothing_is_logged_of_the_address(
    naps: Naps, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Not even where the program logs everything, nor is anything of ~/.netrc sent along."""
    netrc = tmp_path / ".netrc"
    netrc.write_text("default login somebody password pass\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    level = logging.getLogger("urllib3").level
    try:
        with caplog.at_level(logging.DEBUG), receiving([Reply(500)], ca_folder=tmp_path) as receiver:
            Webhook(receiver.address, tmp_path / "ca.pem", naps).post(b"{}", "m-1")
    finally:
        logging.getLogger("urllib3").setLevel(level)
    assert leaks(tmp_path / "none", caplog.text) == []
    assert all("Authorization" not in request.headers for request in receiver.requests)


def channel(address: str | None = None, file: Path | None = None) -> Channel:
    return Channel(kind="json", address_file=file, address=None if address is None else SecretStr(address))


@pytest.mark.parametrize(
    ("address", "why"),
    [
        (f"http://hooks.example.com/{SECRET}", "http is refused but for this machine itself"),
        (f"http://10.0.0.1/{SECRET}", "http is refused"),
        (f"http://127.0.0.1.example.com/{SECRET}", "http is refused"),
        (f"ftp://hooks.example.com/{SECRET}", "begins with https://"),
        (f"hooks.example.com/{SECRET}", "begins with https://"),
        (f"https:///{SECRET}", "begins with https://"),
        (f"https://{SECRET.split('/')[0]}:x@hooks.example.com/", "without user"),
        (f"https://hooks.example.com:99999/{SECRET}", "this is no address"),
        (f"https://hooks.example.com/{SECRET}\r\nX: y", "one line of printable ASCII"),
        (f"https://hooks.example.com/{SECRET}ä", "one line of printable ASCII"),
    ],
)
def test_unsafe_address_is_refused_and_not_repeated(address: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        address_of("ops", channel(address), tmp_path)
    assert why in str(caught.value)
    assert leaks(tmp_path, str(caught.value)) == []


def test_address_comes_from_a_private_file_in_the_home(tmp_path: Path) -> None:
    file = tmp_path / "ops.webhook"
    file.write_text(f"https://hooks.example.com/{SECRET}\n")
    file.chmod(0o600)
    assert address_of("ops", channel(file=Path("ops.webhook")), tmp_path) == f"https://hooks.example.com/{SECRET}"
    file.chmod(0o644)
    with pytest.raises(ConfigError, match=r"can be read by others \(mode 644\); run: chmod 600"):
        address_of("ops", channel(file=file), tmp_path)
    with pytest.raises(ConfigError, match="give one of them"):
        address_of("ops", channel("https://hooks.example.com/x", file), tmp_path)
    with pytest.raises(ConfigError, match="no address; set FINOPS_LAKE_WEBHOOK_OPS"):
        address_of("ops", channel(), tmp_path)
    with pytest.raises(ConfigError, match="cannot be read"):
        address_of("ops", channel(file=tmp_path / "none"), tmp_path)


def test_message_that_is_too_large_is_not_sent(naps: Naps) -> None:
    with receiving() as receiver:
        reply = Webhook(receiver.address, None, naps).post(b"x" * 100_001, "m-1")
    assert (reply.sent, receiver.requests) == (False, [])
