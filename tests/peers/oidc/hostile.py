"""An OpenID provider in the test's own process that does wrong on demand, one fault at a time.

    with Hostile() as op:
        op.claims = {"nonce": None}      # RFC 7396 patch over honest claims of the next tokens
        op.header = {"crit": ["exp"]}    # the same over the header
        op.signer = op.signed_by_none    # how it is signed
        op.callback = {"iss": None}      # the same over the callback's parameters
        op.token = (200, {"Content-Type": "text/html"}, b"<p>")   # in place of the token endpoint's answer
        back = op.authorize(url)         # what a browser would be led back to
        op.calls("/token")               # what was asked there
"""
import base64
import contextlib
import hashlib
import hmac
import http.server
import json
import secrets
import threading
import time
import urllib.parse

import requests
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

ACCESS_TOKEN, REFRESH_TOKEN = "canary-access-token-5f1c", "canary-refresh-token-5f1c"


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value, octets=None):
    return b64(value.to_bytes(octets or (value.bit_length() + 7) // 8, "big"))


def patched(value, patch):
    """RFC 7396 of one level: None takes a member away."""
    return {name: one for name, one in {**value, **patch}.items() if one is not None}


def jwk_of(key, kid, **more):
    public = key.public_key().public_numbers()
    if isinstance(key, rsa.RSAPrivateKey):
        return {"kty": "RSA", "kid": kid, "use": "sig", "n": number(public.n), "e": number(public.e), **more}
    return {"kty": "EC", "crv": "P-256", "kid": kid, "use": "sig", "x": number(public.x, 32), "y": number(public.y, 32), **more}


def rs256(key):
    return lambda text: key.sign(text, padding.PKCS1v15(), hashes.SHA256())


def ps256(key):
    return lambda text: key.sign(text, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())


def es256(key):
    def sign(text):
        r, s = decode_dss_signature(key.sign(text, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")
    return sign


def jws(header, claims, sign):
    text = b64(json.dumps(header).encode()) + "." + b64(json.dumps(claims).encode())
    return text + "." + b64(sign(text.encode()))


RSA, OTHER_RSA = (rsa.generate_private_key(65537, 2048) for _ in range(2))
WEAK_RSA = rsa.generate_private_key(65537, 1024)
EC = ec.generate_private_key(ec.SECP256R1())


class Hostile(http.server.ThreadingHTTPServer):
    """One provider on a free port; tenant makes it Entra-shaped."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, tenant=None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.base = f"http://127.0.0.1:{self.server_port}"
        self.tenant = tenant
        self.issuer = self.base + (f"/{tenant}/v2.0" if tenant else "")
        self.authority = self.base
        self.client_id, self.client_secret = "ra", "canary-client-secret-5f1c"
        self.codes, self.seen = {}, []
        self.lock = threading.Lock()
        self.honest()

    def honest(self):
        """Forgets every fault."""
        self.claims, self.header, self.callback, self.discovery = {}, {}, {}, {}
        self.token, self.signer, self.stall = None, self.signed, 0
        self.keys = [jwk_of(RSA, "k1", **self.key_extra), jwk_of(EC, "e1"), jwk_of(WEAK_RSA, "weak")]
        self.jwks_answer = None

    @property
    def key_extra(self):
        return {"issuer": f"{self.base}/{{tenantid}}/v2.0"} if self.tenant else {}

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()

    def calls(self, path):
        with self.lock:
            return [fields for where, fields in self.seen if where == path]

    # --- ways to sign: (header, claims) -> token ---

    def signed(self, header, claims):
        return jws(header, claims, rs256(RSA))

    def signed_by_other_key(self, header, claims):
        return jws(header, claims, rs256(OTHER_RSA))

    def signed_by_new_key(self, header, claims):
        """The provider has rotated: a new key under a new kid, which it publishes from now on."""
        self.keys = [jwk_of(OTHER_RSA, "k2", **self.key_extra)]
        return jws({**header, "kid": "k2"}, claims, rs256(OTHER_RSA))

    def signed_by_none(self, header, claims):
        return jws({**header, "alg": "none"}, claims, lambda _: b"")

    def signed_by_public_key(self, header, claims):
        pem = RSA.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        return jws({**header, "alg": "HS256"}, claims, lambda text: hmac.digest(pem, text, "sha256"))

    def signed_by_client_secret(self, header, claims):
        return jws({**header, "alg": "HS256"}, claims, lambda text: hmac.digest(self.client_secret.encode(), text, "sha256"))

    def signed_ps256(self, header, claims):
        return jws({**header, "alg": "PS256"}, claims, ps256(RSA))

    def signed_es256(self, header, claims):
        return jws({**header, "alg": "ES256", "kid": "e1"}, claims, es256(EC))

    def signed_es256_under_rsa_kid(self, header, claims):
        return jws({**header, "alg": "ES256"}, claims, es256(EC))

    def signed_by_weak_key(self, header, claims):
        return jws({**header, "kid": "weak"}, claims, rs256(WEAK_RSA))

    def signed_one_bit_off(self, header, claims):
        def sign(text):
            good = bytearray(rs256(RSA)(text))
            good[20] ^= 1
            return bytes(good)
        return jws(header, claims, sign)

    def signed_other_payload(self, header, claims):
        good = jws(header, claims, rs256(RSA)).split(".")
        other = jws(header, {**claims, "sub": "somebody-else"}, rs256(RSA)).split(".")
        return ".".join([good[0], other[1], good[2]])

    # --- what it answers ---

    def metadata(self):
        return patched({
            "issuer": self.issuer, "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token", "jwks_uri": f"{self.issuer}/jwks",
            "response_types_supported": ["code"], "id_token_signing_alg_values_supported": ["RS256"],
            "authorization_response_iss_parameter_supported": True}, self.discovery)

    def begin(self, query):
        """The authorization endpoint: an honest sign-in of the login_hint, straight back."""
        asked = dict(urllib.parse.parse_qsl(query))
        code = secrets.token_urlsafe(16)
        with self.lock:
            self.codes[code] = asked
            self.last = asked
        answer = patched({"code": code, "state": asked["state"], "iss": self.issuer}, self.callback)
        return f"{asked['redirect_uri']}?{urllib.parse.urlencode(answer, doseq=True)}"

    def honest_claims(self, asked):
        now, login = int(time.time()), asked.get("login_hint", "nobody").split("@")[0]
        out = {"iss": self.issuer, "sub": f"sub-of-{login}", "aud": self.client_id, "iat": now, "exp": now + 300,
               "auth_time": now, "nonce": asked["nonce"], "acr": "urn:mfa", "amr": ["pwd", "otp"], "jti": secrets.token_hex(8)}
        if self.tenant:
            out.update(tid=self.tenant, oid=f"oid-of-{login}", ver="2.0", acrs=["c1"], email=f"{login}@example.test")
        return out

    def id_token(self, asked):
        header = patched({"alg": "RS256", "kid": "k1", "typ": "JWT"}, self.header)
        return self.signer(header, patched(self.honest_claims(asked), self.claims))

    def exchange(self, fields):
        with self.lock:
            asked = self.codes.pop(fields.get("code", ""), None)
        if self.token is not None:
            return self.token
        verifier = fields.get("code_verifier", "").encode()
        if not asked or b64(hashlib.sha256(verifier).digest()) != asked["code_challenge"]:
            return 400, JSON, json.dumps({"error": "invalid_grant"}).encode()
        return 200, JSON, json.dumps({
            "access_token": ACCESS_TOKEN, "refresh_token": REFRESH_TOKEN, "token_type": "Bearer", "expires_in": 300,
            "id_token": self.id_token(asked)}).encode()

    def authorize(self, url, **kwargs):
        """Does what a browser does with our redirect: the URL it is sent back to."""
        answer = requests.get(url, allow_redirects=False, timeout=10, **kwargs)
        assert answer.status_code == 303, answer.text
        return answer.headers["Location"]


JSON = {"Content-Type": "application/json"}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"

    def _answer(self, status, headers, body):
        with contextlib.suppress(ConnectionError):
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            for part in [body] if isinstance(body, bytes) else body:
                self.wfile.write(part)

    def _path(self):
        path, _, query = self.path.partition("?")
        prefix = self.server.issuer[len(self.server.base):]
        return path[len(prefix):] if path.startswith(prefix) else path, query

    def do_GET(self):
        op, (path, query) = self.server, self._path()
        with op.lock:
            op.seen.append((path, dict(urllib.parse.parse_qsl(query))))
        if path == "/authorize":
            self._answer(303, {"Location": op.begin(query)}, b"")
        elif path == "/jwks":
            self._answer(*(op.jwks_answer or (200, JSON, json.dumps({"keys": op.keys}).encode())))
        elif path == "/.well-known/openid-configuration":
            self._answer(200, JSON, json.dumps(op.metadata()).encode())
        else:
            self._answer(404, {}, b"")

    def do_POST(self):
        op, (path, _) = self.server, self._path()
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        fields = dict(urllib.parse.parse_qsl(body))
        with op.lock:
            op.seen.append((path, {**fields, "authorization": self.headers.get("Authorization")}))
        if path != "/token":
            self._answer(404, {}, b"")
            return
        time.sleep(op.stall)
        self._answer(*op.exchange(fields))

    def log_message(self, *_):
        pass
