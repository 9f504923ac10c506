"""The sign-in authority: OpenID configuration, tokens for one client, and what ARM says of bad tokens."""

from __future__ import annotations

import base64
import json
import threading
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs

from finops_lake.demo.replies import Reply, error_reply, json_reply

CLIENT_SECRET = "local-azure-demo"  # noqa: S105 - opens nothing but this simulator
LIFETIME_SECONDS = 3599


@dataclass(frozen=True)
class IssuedToken:
    """One token: the scope it was asked for, and the claims of a challenge, if it answers one."""

    scope: str
    claims: str | None
    expires_at: float

    @property
    def audience(self) -> str:
        """Return the scope without its permission part."""
        return self.scope.removesuffix("/.default").rstrip("/")


class Authority:
    """Issues tokens and judges them; `issued` lists all tokens, newest last."""

    def __init__(self, tenant_id: str, client_id: str) -> None:
        self.tenant_id = tenant_id
        self.client_id = client_id
        self.issued: list[IssuedToken] = []
        self._by_text: dict[str, IssuedToken] = {}
        self._lock = threading.Lock()

    def configuration(self, endpoint: str, tenant: str) -> Reply:
        """Return the OpenID configuration of a tenant."""
        if tenant.lower() not in (self.tenant_id, "common", "organizations"):
            return _refused(400, "invalid_tenant", 90002, f"Tenant '{tenant}' not found.")
        base = f"{endpoint}/{tenant}"
        return json_reply(
            {
                "issuer": f"{base}/v2.0",
                "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                "token_endpoint": f"{base}/oauth2/v2.0/token",
                "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
                "jwks_uri": f"{endpoint}/{tenant}/discovery/v2.0/keys",
                "response_types_supported": ["code", "id_token"],
                "tenant_region_scope": "EU",
            }
        )

    def token(self, body: bytes) -> Reply:
        """Answer a request for a token with client credentials."""
        form = {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}
        if form.get("grant_type") != "client_credentials":
            return _refused(400, "unsupported_grant_type", 70003, "The app requested an unsupported grant type.")
        if form.get("client_id") != self.client_id:
            name = form.get("client_id", "")
            return _refused(
                400,
                "unauthorized_client",
                700016,
                f"Application with identifier '{name}' was not found in the directory.",
            )
        if form.get("client_secret") != CLIENT_SECRET:
            return _refused(401, "invalid_client", 7000215, "Invalid client secret provided.")
        text = self._issue(form.get("scope", ""), form.get("claims"))
        lifetime = {"expires_in": LIFETIME_SECONDS, "ext_expires_in": LIFETIME_SECONDS}
        return json_reply({"token_type": "Bearer", **lifetime, "access_token": text})

    def judge(self, authorization: str | None, audience: str, endpoint: str) -> Reply | None:
        """Return ARM's refusal of a request without a good token, None when the token is good."""
        challenge = {
            "WWW-Authenticate": f'Bearer authorization_uri="{endpoint}/{self.tenant_id}", error="invalid_token"'
        }
        if not authorization or not authorization.startswith("Bearer "):
            message = "Authentication failed. The 'Authorization' header is missing."
            return error_reply(401, "AuthenticationFailed", message, challenge)
        token = self._by_text.get(authorization.removeprefix("Bearer "))
        if token is None:
            return error_reply(401, "InvalidAuthenticationToken", "The access token is invalid.", challenge)
        if token.expires_at <= time.time():
            message = "The access token expiry UTC time is earlier than current UTC time."
            return error_reply(401, "ExpiredAuthenticationToken", message, challenge)
        if token.audience != audience:
            message = (
                f"The access token has been obtained for wrong audience or resource '{token.audience}'. "
                f"It should exactly match with one of the allowed audiences '{audience}'."
            )
            return error_reply(401, "InvalidAuthenticationTokenAudience", message, challenge)
        return None

    def expire_tokens(self) -> None:
        """Make every token issued so far expire now."""
        with self._lock:
            self._by_text = {text: IssuedToken(token.scope, token.claims, 0) for text, token in self._by_text.items()}

    def _issue(self, scope: str, claims: str | None) -> str:
        token = IssuedToken(scope, claims, time.time() + LIFETIME_SECONDS)
        payload = {"aud": token.audience, "tid": self.tenant_id, "appid": self.client_id, "jti": str(uuid.uuid4())}
        text = ".".join((_encoded({"typ": "JWT", "alg": "none"}), _encoded(payload), "unsigned"))
        with self._lock:
            self.issued.append(token)
            self._by_text[text] = token
        return text


def claims_challenge(endpoint: str, tenant_id: str) -> Reply:
    """Return the 401 of continuous access evaluation: the same call with a token for these claims will do."""
    claims = _encoded({"access_token": {"nbf": {"essential": True, "value": "1700000000"}}}, padding=True)
    header = f'Bearer authorization_uri="{endpoint}/{tenant_id}", error="insufficient_claims", claims="{claims}"'
    message = "Continuous access evaluation resulted in challenge with result: InteractionRequired."
    return error_reply(401, "InvalidAuthenticationToken", message, {"WWW-Authenticate": header})


def refused_secret() -> Reply:
    """Return the answer to an expired client secret."""
    return _refused(401, "invalid_client", 7000222, "The provided client secret keys for app are expired.")


def _refused(status: int, error: str, number: int, text: str) -> Reply:
    trace = "Trace ID: 00000000-0000-0000-0000-000000000000"
    body = {"error": error, "error_description": f"AADSTS{number}: {text} {trace}", "error_codes": [number]}
    return json_reply(body, status)


def _encoded(value: Mapping[str, object], *, padding: bool = False) -> str:
    text = base64.urlsafe_b64encode(json.dumps(value).encode()).decode()
    return text if padding else text.rstrip("=")
