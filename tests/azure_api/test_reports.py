"""Cost details reports: ordered once, taken up again, their links kept secret."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from finops_lake.azure_api.links import check_reads_only
from finops_lake.errors import (
    AccessDeniedError,
    FinopsLakeError,
    ReportError,
    UnreachableError,
    UnsafeReplyError,
    UnsupportedOfferError,
)
from finops_lake.source import Chunk
from tests.replay import Reply, Sent, recorded

SCOPE = "/subscriptions/a"
FIRST, LAST = date(2026, 11, 1), date(2026, 11, 30)
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
ORDER = ("POST", "/generateCostDetailsReport$")
POLL = ("GET", "/costDetailsOperationResults/")
BLOB = ("GET", "^/armreports/")
LINK = "https://ccm.blob.core.windows.net/armreports/{}?sv=2024&sig=SECRET-{}"
BILL = b"Date,CostInBillingCurrency,BillingCurrency\n11/02/2026,1.5,EUR\n"


def accepted(number: int = 1, **headers: str) -> Reply:
    link = (
        f"https://management.azure.com{SCOPE}/providers/Microsoft.CostManagement/costDetailsOperationResults/op{number}"
    )
    return Reply(202, b"", {"Location": f"{link}?api-version=2025-03-01&t=1", "Retry-After": "20", **headers})


def manifest(*names: str, status: str = "Completed", size: int = len(BILL), **more: Any) -> Reply:
    blobs = [{"blobLink": LINK.format(name, name), "byteCount": size} for name in names]
    content = {"manifestVersion": "2025-03-01", "dataFormat": "Csv", "blobCount": len(blobs), "blobs": blobs, **more}
    return Reply(200, {"id": "x", "name": "op1", "status": status, "manifest": content})


def blob(sent: Sent) -> Reply:
    assert "Authorization" not in sent.headers
    return Reply(200, BILL, {"Content-Type": "text/csv"})


def read(azure: Any, metric: str = "ActualCost") -> list[bytes]:
    with azure.clients.cost_report(Chunk("cost_details", SCOPE, FIRST, metric), FIRST, LAST) as report:
        return [file.read() for file in report.files]


@pytest.fixture
def report(replay: Callable[..., Any]) -> Callable[..., Any]:
    """Make clients over prepared replies whose calendar stands still."""
    return lambda replies, now=NOW, **values: replay(replies, now=now, **values)


def test_a_report_is_ordered_for_one_month_and_metric_then_polled_and_read(report, clock):
    azure = report({ORDER: [accepted()], POLL: [accepted(), manifest("one", "two")], BLOB: [blob, blob]})
    assert read(azure, "AmortizedCost") == [BILL, BILL]
    order, first_poll, *_ = azure.transport.sent
    assert json.loads(order.body) == {
        "metric": "AmortizedCost",
        "timePeriod": {"start": "2026-11-01", "end": "2026-11-30"},
    }
    assert first_poll.url.endswith("/costDetailsOperationResults/op1?api-version=2025-03-01&t=1")
    assert clock.slept == [20]


def test_files_vanish_when_the_report_is_closed(report):
    azure = report({ORDER: [accepted()], POLL: [manifest("one")], BLOB: [blob]})
    with azure.clients.cost_report(Chunk("cost_details", SCOPE, FIRST, "ActualCost"), FIRST, LAST) as found:
        (file,) = found.files
    assert file.closed


def test_no_second_report_is_ordered_within_a_day_and_another_one_after_it(report):
    read(report({ORDER: [accepted()], POLL: [manifest("one")], BLOB: [blob]}))
    later = report({POLL: [manifest("one")], BLOB: [blob]}, NOW + timedelta(hours=23))
    assert read(later) == [BILL]
    assert [sent.method for sent in later.transport.sent] == ["GET", "GET"]
    next_day = report({ORDER: [accepted(2)], POLL: [manifest("one")], BLOB: [blob]}, NOW + timedelta(hours=24))
    assert read(next_day) == [BILL]


def test_the_two_metrics_are_two_reports(report):
    azure = report({ORDER: [accepted(1), accepted(2)], POLL: [manifest("one")] * 2, BLOB: [blob] * 2})
    read(azure, "ActualCost")
    read(azure, "AmortizedCost")
    assert [sent.method for sent in azure.transport.sent].count("POST") == 2


def test_a_report_that_takes_longer_than_there_is_time_is_taken_up_by_the_next_process(report, clock):
    azure = report({ORDER: [accepted()], POLL: [accepted(**{"Retry-After": "60"})]})
    with azure.clients.calls(clock.now + 30), pytest.raises(ReportError, match="still making it"):
        read(azure)
    again = report({POLL: [manifest("one")], BLOB: [blob]})
    assert read(again) == [BILL]


@pytest.mark.parametrize("reply", [Reply(204), manifest(status="NoDataFound")])
def test_no_charges_is_a_report_without_files(report, reply):
    assert read(report({ORDER: [accepted()], POLL: [reply]})) == []


def test_an_order_may_be_answered_with_no_content_at_once(report):
    assert read(report({ORDER: [Reply(204)]})) == []


def test_a_failed_report_is_a_failure_with_azures_reason_and_is_not_ordered_again_that_day(report):
    failed = Reply(200, {"status": "Failed", "error": {"code": "InternalError", "message": "The report is too big."}})
    with pytest.raises(ReportError, match="too big"):
        read(report({ORDER: [accepted()], POLL: [failed]}))
    again = report({}, NOW + timedelta(hours=5))
    with pytest.raises(ReportError, match="too big") as caught:
        read(again)
    assert again.transport.sent == []
    assert "a day after" in (caught.value.next_step or "")


def test_a_failed_report_that_names_a_permission_is_a_denial(report):
    failed = Reply(200, {"status": "Failed", "error": {"code": "IndirectCostDisabled", "message": "off"}})
    with pytest.raises(AccessDeniedError):
        read(report({ORDER: [accepted()], POLL: [failed]}))


@pytest.mark.replies
@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("errors/consumption_422_offer", UnsupportedOfferError),
        ("errors/costmanagement_404_webdirect_airs", UnsupportedOfferError),
        ("errors/arm_403_authorizationfailed", AccessDeniedError),
    ],
)
def test_a_refused_order_says_why(report, name, error):
    with pytest.raises(error):
        read(report({ORDER: [recorded(name)]}))


@pytest.mark.replies
def test_the_published_manifest_is_read(report):
    recorded_manifest = recorded("spec_examples/costdetails_report_completed_2025")
    azure = report({ORDER: [accepted()], POLL: [recorded_manifest], BLOB: [Reply(200, b"x" * 32741)]})
    assert [len(content) for content in read(azure)] == [32741]


def test_an_expired_link_leads_to_one_more_report_and_no_further(report):
    expired = Reply(403, b"<Error><Code>AuthenticationFailed</Code></Error>")
    azure = report(
        {
            ORDER: [accepted(1), accepted(2)],
            POLL: [manifest("one", "two"), manifest("three", "four")],
            BLOB: [blob, expired, blob, blob],
        }
    )
    assert read(azure) == [BILL, BILL]
    again = report({POLL: [manifest("three")], BLOB: [expired]})
    with pytest.raises(ReportError, match="expired"):
        read(again)


def test_an_order_azure_knows_nothing_of_is_made_anew(report):
    read(report({ORDER: [accepted()], POLL: [manifest("one")], BLOB: [blob]}))
    gone = Reply(404, {"error": {"code": "404", "message": "The operation was not found."}})
    azure = report({ORDER: [accepted(2)], POLL: [gone, manifest("one")], BLOB: [blob]})
    assert read(azure) == [BILL]


def test_a_file_that_breaks_off_is_read_again_and_never_loaded_short(report):
    short = Reply(200, BILL[:30])
    azure = report({ORDER: [accepted()], POLL: [manifest("one")], BLOB: [short, blob]})
    assert read(azure) == [BILL]
    azure = report({POLL: [manifest("one")], BLOB: [short] * 3})
    with pytest.raises(UnreachableError, match=f"30 of {len(BILL)} bytes"):
        read(azure)


@pytest.mark.parametrize(
    "reply",
    [
        manifest(blobCount=2),
        Reply(200, {"status": "Completed", "manifest": {"blobs": [{"byteCount": 3}]}}),
        Reply(200, {"status": "Completed"}),
        Reply(200, {"status": "Completed", "manifest": {"dataFormat": "Parquet", "blobs": []}}),
        Reply(200, {"error": {"code": "RBACAccessDenied", "message": "no"}}),
        Reply(200, "<html><title>Hotel</title></html>"),
        Reply(200, "[]"),
    ],
)
def test_what_is_no_manifest_is_an_error(report, reply):
    with pytest.raises(FinopsLakeError):
        read(report({ORDER: [accepted()], POLL: [reply]}))


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/armreports/x?sig=SECRET",
        "http://ccm.blob.core.windows.net/armreports/x?sig=SECRET",
        "https://ccm.blob.core.windows.net.evil.example/x?sig=SECRET",
        "https://user@ccm.blob.core.windows.net/x?sig=SECRET",
        "https://ccm.blob.core.windows.net:8443/x?sig=SECRET",
        "https://127.0.0.1/x?sig=SECRET",
        "https://blob.core.usgovcloudapi.net/x?sig=SECRET",
        "https://[bad/x?sig=SECRET",
        "",
    ],
)
def test_a_report_is_only_fetched_from_the_clouds_storage(report, link):
    reply = Reply(200, {"status": "Completed", "manifest": {"blobs": [{"blobLink": link, "byteCount": 3}]}})
    azure = report({ORDER: [accepted()], POLL: [reply]})
    with pytest.raises(UnsafeReplyError) as caught:
        read(azure)
    assert "SECRET" not in str(caught.value)
    assert len(azure.transport.sent) == 2


@pytest.mark.parametrize("status", [301, 302, 307])
def test_a_redirect_of_storage_is_not_followed(report, status):
    azure = report(
        {ORDER: [accepted()], POLL: [manifest("one")], BLOB: [Reply(status, b"", {"Location": "https://x.example/"})]}
    )
    with pytest.raises(UnsafeReplyError, match="redirect"):
        read(azure)
    assert len(azure.transport.sent) == 3


def test_a_location_at_another_host_gets_no_token(report):
    elsewhere = Reply(202, b"", {"Location": "https://evil.example/operationResults/1"})
    azure = report({ORDER: [elsewhere]})
    with pytest.raises(UnsafeReplyError):
        read(azure)
    assert len(azure.transport.sent) == 1


def test_no_link_is_in_a_log_an_error_a_file_or_a_repr(report, caplog, tmp_path):
    caplog.set_level(logging.DEBUG)
    failing: list[Any] = [OSError("Max retries exceeded with url: /armreports/one?sig=SECRET-one")] * 3
    azure = report({ORDER: [accepted()], POLL: [manifest("one")], BLOB: failing}, log_requests=True)
    with pytest.raises(UnreachableError) as caught:
        read(azure)
    chain: list[BaseException | None] = [caught.value]
    while chain[-1] is not None:
        chain.append(chain[-1].__cause__ or (None if chain[-1].__suppress_context__ else chain[-1].__context__))
    assert not [error for error in chain if "SECRET" in str(error)]
    assert "SECRET" not in caplog.text
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and b"SECRET" in path.read_bytes()]


def test_ordering_a_report_counts_as_reading_and_its_neighbours_do_not():
    root = "https://management.azure.com/subscriptions/a/providers/Microsoft.CostManagement"
    check_reads_only("POST", f"{root}/generateCostDetailsReport?api-version=1")
    for path in ("exports", "generateCostDetailsReport/x", "exports/a/run", "generateReservationDetailsReport"):
        with pytest.raises(UnsafeReplyError):
            check_reads_only("POST", f"{root}/{path}")
    with pytest.raises(UnsafeReplyError):
        check_reads_only("PUT", f"{root}/generateCostDetailsReport")
