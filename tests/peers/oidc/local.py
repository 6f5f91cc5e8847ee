"""A small honest OpenID provider with a login form, for the demo: Python's own library and openssl alone.

    /usr/bin/python3 local.py DIR

DIR/oidc.json holds {port, issuer, client_id, client_secret, password, certificate, key, redirect_uris}, and is
read at each request; DIR/key.pem is what tokens are signed by. Every e-mail address is an account, whose password
is `password`. Code flow with PKCE S256 alone; a code holds a minute and once. Not for production: it has no memory
of anybody, no limits and no second factor, and says amr pwd.
"""
import base64
import hashlib
import hmac
import html
import http.server
import json
import pathlib
import secrets
import ssl
import subprocess
import sys
import threading
import time
import urllib.parse

DIR = pathlib.Path(sys.argv[1]).resolve()
CODE_S, TOKEN_S = 60, 300
CODES, LOCK = {}, threading.Lock()
FORM = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Sign in</title>
<h1>Sign in</h1><p>{told}</p>
<form method="post" action="/authorize?{query}">
<p><label>E-mail address <input name="login" value="{login}" autocomplete="username"></label></p>
<p><label>Password <input name="password" type="password" autocomplete="current-password"></label></p>
<p><button>Sign in</button> <button name="cancel" value="1">Cancel</button></p></form></html>
"""


def config():
    return json.loads((DIR / "oidc.json").read_text(encoding="utf-8"))


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def openssl(*arguments, data=b""):
    return subprocess.run(["openssl", *arguments], input=data, capture_output=True, timeout=20, check=True).stdout


def jwk():
    modulus = openssl("rsa", "-in", str(DIR / "key.pem"), "-noout", "-modulus").decode().strip().partition("=")[2]
    return {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "demo", "e": "AQAB", "n": b64(bytes.fromhex(modulus))}


def signed(claims):
    text = b64(json.dumps({"alg": "RS256", "kid": "demo", "typ": "JWT"}).encode()) + "." + b64(json.dumps(claims).encode())
    return text + "." + b64(openssl("dgst", "-sha256", "-sign", str(DIR / "key.pem"), data=text.encode()))


def same(a, b):
    return hmac.compare_digest(a.encode(), b.encode())


class Provider(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        path, _, query = self.path.partition("?")
        issuer = config()["issuer"]
        if path == "/.well-known/openid-configuration":
            self.json(200, {
                "issuer": issuer, "authorization_endpoint": f"{issuer}/authorize", "token_endpoint": f"{issuer}/token",
                "jwks_uri": f"{issuer}/jwks", "response_types_supported": ["code"], "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"], "code_challenge_methods_supported": ["S256"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic"],
                "authorization_response_iss_parameter_supported": True})
        elif path == "/jwks":
            self.json(200, {"keys": [JWK]})
        elif path == "/authorize":
            self.form(query, "")
        else:
            self.json(404, {"error": "not_found"})

    def do_POST(self):
        path, _, query = self.path.partition("?")
        body = self.rfile.read(min(int(self.headers.get("Content-Length") or 0), 65536)).decode()
        fields = dict(urllib.parse.parse_qsl(body))
        if path == "/authorize":
            self.signed_in(query, fields)
        elif path == "/token":
            self.token(fields)
        else:
            self.json(404, {"error": "not_found"})

    # --- the browser ---

    def asked(self, query):
        """The authorization request, or None when its redirect URI must not be used."""
        asked = dict(urllib.parse.parse_qsl(query))
        known = config()
        good = asked.get("client_id") == known["client_id"] and asked.get("redirect_uri") in known["redirect_uris"]
        return asked if good else None

    def form(self, query, told):
        asked = self.asked(query)
        if asked is None:
            self.page(400, "<!doctype html><title>Refused</title><p>This client or redirect URI is not known here.</p>")
        elif asked.get("response_type") != "code" or asked.get("code_challenge_method") != "S256":
            self.back(asked, error="invalid_request")
        else:
            self.page(200, FORM.format(told=html.escape(told), query=html.escape(query),
                                       login=html.escape(asked.get("login_hint", ""))))

    def signed_in(self, query, fields):
        asked = self.asked(query)
        if asked is None or not asked.get("code_challenge"):
            self.form(query, "")
        elif "cancel" in fields:
            self.back(asked, error="access_denied")
        elif "@" not in fields.get("login", "") or not same(fields.get("password", ""), config()["password"]):
            self.form(query, "The address or the password is wrong.")
        else:
            code = secrets.token_urlsafe(32)
            with LOCK:
                CODES[code] = {**asked, "sub": fields["login"].lower(), "at": int(time.time())}
            self.back(asked, code=code)

    def back(self, asked, **answer):
        answer.update(iss=config()["issuer"], **({"state": asked["state"]} if "state" in asked else {}))
        self.answer(303, {"Location": f"{asked['redirect_uri']}?{urllib.parse.urlencode(answer)}"}, b"")

    # --- the client ---

    def token(self, fields):
        known = config()
        scheme, _, credentials = (self.headers.get("Authorization") or "").partition(" ")
        wanted = base64.b64encode(f"{known['client_id']}:{known['client_secret']}".encode()).decode()
        if scheme.lower() != "basic" or not same(credentials, wanted):
            return self.json(401, {"error": "invalid_client"})
        with LOCK:
            grant = CODES.pop(fields.get("code", ""), None)
        verifier = b64(hashlib.sha256(fields.get("code_verifier", "").encode()).digest())
        if not grant or time.time() > grant["at"] + CODE_S or verifier != grant["code_challenge"] or \
                fields.get("redirect_uri") != grant["redirect_uri"]:
            return self.json(400, {"error": "invalid_grant"})
        claims = {"iss": known["issuer"], "sub": grant["sub"], "aud": known["client_id"], "iat": int(time.time()),
                  "exp": int(time.time()) + TOKEN_S, "auth_time": grant["at"], "amr": ["pwd"], "jti": secrets.token_urlsafe(16)}
        if "nonce" in grant:
            claims["nonce"] = grant["nonce"]
        return self.json(200, {"access_token": secrets.token_urlsafe(32), "token_type": "Bearer", "expires_in": TOKEN_S,
                               "id_token": signed(claims)})

    # --- answers ---

    def answer(self, status, headers, body):
        self.send_response(status)
        for name, value in {"Cache-Control": "no-store", "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def json(self, status, value):
        self.answer(status, {"Content-Type": "application/json"}, json.dumps(value).encode())

    def page(self, status, text):
        self.answer(status, {"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy":
                             "default-src 'none'; form-action *; frame-ancestors 'none'"}, text.encode())

    def log_message(self, format, *arguments):
        """Only the path: queries hold codes."""
        print(f"{self.command} {self.path.partition('?')[0]}", flush=True)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def finish_request(self, request, client_address):
        """TLS in the connection's own thread: who says nothing holds up nobody."""
        request.settimeout(30)
        super().finish_request(TLS.wrap_socket(request, server_side=True), client_address)

    def handle_error(self, request, client_address):
        print(f"{sys.exc_info()[1]}", flush=True)


JWK = jwk()
TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
TLS.load_cert_chain(config()["certificate"], config()["key"])
Server(("127.0.0.1", config()["port"]), Provider).serve_forever()
