from __future__ import annotations

import pytest
from azure.core import AzureClouds
from azure.identity import AzureAuthorityHosts
from azure.mgmt.core.tools import get_arm_endpoints

from finops_lake.azure_api.clouds import cloud_of, is_known_authority


@pytest.mark.parametrize(
    ("name", "theirs", "authority"),
    [
        ("public", AzureClouds.AZURE_PUBLIC_CLOUD, AzureAuthorityHosts.AZURE_PUBLIC_CLOUD),
        ("usgov", AzureClouds.AZURE_US_GOVERNMENT, AzureAuthorityHosts.AZURE_GOVERNMENT),
        ("china", AzureClouds.AZURE_CHINA_CLOUD, AzureAuthorityHosts.AZURE_CHINA),
    ],
)
def test_each_cloud_has_the_address_audience_and_authority_that_the_sdk_has(settings, name, theirs, authority):
    cloud = cloud_of(settings(cloud=name))
    endpoints = get_arm_endpoints(theirs)
    assert cloud.arm_endpoint == endpoints["resource_manager"].rstrip("/")
    assert [cloud.scope] == list(endpoints["credential_scopes"])
    assert cloud.authority == f"https://{authority}"
    assert cloud.origin == name
    assert not cloud.is_custom


def test_the_audience_of_us_government_is_not_its_endpoint(settings):
    assert cloud_of(settings(cloud="usgov")).scope == "https://management.core.usgovcloudapi.net/.default"


def test_a_custom_endpoint_gets_a_scope_of_its_own_and_no_authority(settings):
    cloud = cloud_of(settings(arm_endpoint="https://arm.corp.example:8443/"))
    assert (cloud.arm_endpoint, cloud.scope) == (
        "https://arm.corp.example:8443",
        "https://arm.corp.example:8443/.default",
    )
    assert cloud.authority is None
    assert cloud.is_custom


def test_what_is_set_explicitly_wins(settings):
    values = {"arm_scope": "api://x/.default", "authority_host": "https://login.corp.example"}
    for cloud in (
        cloud_of(settings(arm_endpoint="https://arm.corp.example", **values)),
        cloud_of(settings(cloud="china", **values)),
    ):
        assert (cloud.scope, cloud.authority) == ("api://x/.default", "https://login.corp.example")


@pytest.mark.parametrize("address", ["management.usgovcloudapi.net", "https://Management.USGovCloudAPI.net:443/"])
def test_a_known_endpoint_given_by_address_is_that_cloud(settings, address):
    assert cloud_of(settings(arm_endpoint=address)) == cloud_of(settings(cloud="usgov"))


@pytest.mark.parametrize(
    ("endpoint", "origin"),
    [
        ("https://localhost:8443", "loopback"),
        ("https://127.0.0.1:50123", "loopback"),
        ("https://127.9.9.9", "loopback"),
        ("https://[::1]:8443", "loopback"),
        ("https://azure.localhost:1", "loopback"),
        ("https://ARM.corp.example", "https://arm.corp.example"),
        ("https://arm.corp.example:443", "https://arm.corp.example"),
        ("https://arm.corp.example:8443", "https://arm.corp.example:8443"),
    ],
)
def test_the_origin_names_where_data_comes_from(settings, endpoint, origin):
    assert cloud_of(settings(arm_endpoint=endpoint)).origin == origin


def test_only_microsofts_own_authorities_are_known():
    assert is_known_authority(None)
    assert is_known_authority("https://login.microsoftonline.us/")
    assert not is_known_authority("https://localhost:8443")
    assert not is_known_authority("https://login.microsoftonline.com.evil.example")
