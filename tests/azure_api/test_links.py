from __future__ import annotations

import pytest

from finops_lake.azure_api.links import check_address, check_next_link, check_reads_only
from finops_lake.errors import UnsafeReplyError

ARM = "https://management.azure.com"


@pytest.mark.parametrize(
    "url",
    [
        "https://management.azure.com/subscriptions?$skiptoken=a%3D",
        "https://MANAGEMENT.azure.com/subscriptions",
        "https://management.azure.com:443/subscriptions",
    ],
)
def test_azures_own_address_is_followed(url):
    check_address(url, ARM)


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/subscriptions",
        "http://management.azure.com/subscriptions",
        "https://management.azure.com:8443/subscriptions",
        "https://management.azure.com.evil.example/",
        "https://management.azure.com@evil.example/",
        "https://user:pass@management.azure.com/",
        "https://evil.example\\@management.azure.com/",
        "https://evil.example#@management.azure.com/",
        "https://management.azure.com:99999/",
        "https://management.azure.com /",
        "https://management.azure.com/{endpoint}",
        "//evil.example/subscriptions",
        "ftp://management.azure.com/",
        "",
    ],
)
def test_any_other_address_is_refused(url):
    with pytest.raises(UnsafeReplyError):
        check_address(url, ARM)


def test_a_refusal_names_the_foreign_host_but_no_password():
    with pytest.raises(UnsafeReplyError, match=r"https://evil\.example, not to https://management") as caught:
        check_address("https://user:hunter2@evil.example/x", ARM)
    assert "hunter2" not in str(caught.value)


def test_a_local_azure_is_told_from_another_port():
    check_address("https://localhost:8443/subscriptions", "https://localhost:8443")
    with pytest.raises(UnsafeReplyError):
        check_address("https://localhost:8444/subscriptions", "https://localhost:8443")


def test_a_next_link_seen_before_is_an_error():
    seen: set[str] = set()
    check_next_link(f"{ARM}/a?page=2", ARM, seen)
    check_next_link(f"{ARM}/a?page=3", ARM, seen)
    with pytest.raises(UnsafeReplyError, match="would never end"):
        check_next_link(f"{ARM}/a?page=2", ARM, seen)


def test_a_relative_next_link_is_azures_own():
    check_next_link("/subscriptions?page=2", ARM, set())
    with pytest.raises(UnsafeReplyError):
        check_next_link("//evil.example/subscriptions?page=2", ARM, set())


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/subscriptions"),
        ("HEAD", "/subscriptions"),
        ("POST", "/subscriptions/x/providers/Microsoft.CostManagement/query"),
        ("POST", "/SUBSCRIPTIONS/X/PROVIDERS/MICROSOFT.COSTMANAGEMENT/QUERY"),
        ("POST", "/providers/Microsoft.ResourceGraph/resources"),
    ],
)
def test_requests_that_read_may_be_sent(method, path):
    check_reads_only(method, f"{ARM}{path}?api-version=1")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/subscriptions/x/providers/Microsoft.CostManagement/query"),
        ("PATCH", "/subscriptions/x"),
        ("DELETE", "/subscriptions/x"),
        ("POST", "/subscriptions/x/providers/Microsoft.CostManagement/register"),
        ("POST", "/subscriptions/x/providers/Microsoft.Compute/virtualMachines/v/start"),
        ("POST", "/subscriptions/x/providers/Microsoft.CostManagement/query/../exports/x/run"),
        ("POST", "/subscriptions/x/register?a=/providers/Microsoft.CostManagement/query"),
        ("OPTIONS", "/"),
    ],
)
def test_anything_else_is_never_sent(method, path):
    with pytest.raises(UnsafeReplyError, match="only reads"):
        check_reads_only(method, f"{ARM}{path}")
