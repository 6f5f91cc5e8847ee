"""Debian's simplesamlphp as an identity provider, in a folder of its own, behind TLS on loopback.

    with SimpleSaml(folder, {"alice": ("alicepw", "alice-at-ssp")}) as idp:    # password and NameID
        idp.metadata(browser)                         # what a connector takes
        idp.know({entity_id: (acs_url, certificate)}) # the service providers
        idp.log_in(browser, url, "alice", "alicepw")  # the form; the fields of the response come back

PHP's own web server speaks HTTP alone; the few lines of TLS before it are what a reverse proxy does.
"""
import html
import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import time

from . import forge
from ..process import PeerError, free_port

STARTED_S = 20

CONFIG = """<?php
$config = [
    'baseurlpath' => '%(base)s/', 'certdir' => '%(dir)s/cert/', 'metadatadir' => '%(dir)s/metadata',
    'tempdir' => '%(dir)s/tmp', 'loggingdir' => '%(dir)s/log/', 'logging.handler' => 'file',
    'logging.level' => SimpleSAML\\Logger::INFO, 'secretsalt' => '%(salt)s', 'auth.adminpassword' => '%(salt)s',
    'technicalcontact_email' => 'na@example.org', 'timezone' => 'UTC', 'enable.saml20-idp' => true,
    'store.type' => 'phpsession', 'session.cookie.secure' => true, 'session.phpsession.savepath' => '%(dir)s/tmp',
    'module.enable' => ['exampleauth' => true, 'saml' => true, 'core' => true],
    'metadata.sources' => [['type' => 'flatfile']],
];
"""
SOURCES = """<?php
$config = ['up' => ['exampleauth:UserPass',
%s]];
"""
HOSTED = """<?php
$metadata['__DYNAMIC:1__'] = [
    'host' => '__DEFAULT__', 'privatekey' => 'idp.key', 'certificate' => 'idp.crt', 'auth' => 'up',
    'signature.algorithm' => 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
    'saml20.sign.response' => true, 'saml20.sign.assertion' => true,
    'NameIDFormat' => 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
    'authproc' => [10 => ['class' => 'saml:AttributeNameID', 'attribute' => 'uid',
        'Format' => 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent']],
];
"""
REMOTE = """$metadata['%s'] = ['AssertionConsumerService' => '%s', 'certData' => '%s', 'validate.authnrequest' => true,
    'validate.redirect' => true, 'assertion.encryption' => %s,
    'NameIDFormat' => 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent'];
"""


class Tls:
    """TLS before a port of 127.0.0.1: bytes in, bytes out, a thread each way."""

    def __init__(self, folder, behind):
        key, certificate = folder / "tls.key", folder / "tls.crt"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-keyout", str(key), "-out", str(certificate), "-days", "30", "-subj", "/CN=localhost",
                        "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
        self.ca, self.behind = certificate, behind
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate, key)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                raw, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(raw,), daemon=True).start()

    def _serve(self, raw):
        try:
            with self.context.wrap_socket(raw, server_side=True) as front, \
                    socket.create_connection(("127.0.0.1", self.behind), 20) as back:
                one = threading.Thread(target=self._copy, args=(front, back), daemon=True)
                one.start()
                self._copy(back, front)
                one.join(20)
        except OSError:
            raw.close()

    @staticmethod
    def _copy(source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def stop(self):
        self.listener.close()


class SimpleSaml:
    def __init__(self, folder, users, encrypt=False):
        self.dir = pathlib.Path(folder)
        self.users, self.encrypt = users, encrypt
        shutil.rmtree(self.dir, ignore_errors=True)
        for name in ("config", "metadata", "cert", "log", "tmp"):
            (self.dir / name).mkdir(parents=True)
        port = free_port()
        self.tls = Tls(self.dir, port)
        self.base = f"https://127.0.0.1:{self.tls.port}"
        self._configure()
        self.know({})
        self.process = subprocess.Popen(
            ["php", "-d", "error_reporting=0", "-S", f"127.0.0.1:{port}", "-t", "/usr/share/simplesamlphp/www"],
            env={**os.environ, "SIMPLESAMLPHP_CONFIG_DIR": str(self.dir / "config"), "PHP_CLI_SERVER_WORKERS": "2"},
            stdout=(self.dir / "log/php.log").open("w"), stderr=subprocess.STDOUT, start_new_session=True)
        self._wait(port)

    def _configure(self):
        key = forge.rsa_key("ssp")
        (self.dir / "cert/idp.key").write_text(forge.pem(key))
        (self.dir / "cert/idp.crt").write_text(forge.pem(forge.make_certificate(key, "ssp.test")))
        users = ",\n".join(f"'{name}:{password}' => ['uid' => ['{subject}']]"
                           for name, (password, subject) in self.users.items())
        (self.dir / "config/config.php").write_text(CONFIG % {
            "base": self.base, "dir": self.dir, "salt": os.urandom(16).hex()})
        (self.dir / "config/authsources.php").write_text(SOURCES % users)
        (self.dir / "metadata/saml20-idp-hosted.php").write_text(HOSTED)

    def know(self, service_providers):
        """Replaces what it knows of service providers."""
        text = "<?php\n" + "".join(
            REMOTE % (entity_id, acs_url, "".join(certificate.split("\n")[1:-2]), "true" if self.encrypt else "false")
            for entity_id, (acs_url, certificate) in service_providers.items())
        (self.dir / "metadata/saml20-sp-remote.php").write_text(text)

    def _wait(self, port):
        end = time.monotonic() + STARTED_S
        while time.monotonic() < end and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise PeerError("php does not serve")

    def metadata(self, browser):
        answer = browser.get(f"{self.base}/saml2/idp/metadata.php", verify=str(self.tls.ca), timeout=20)
        if answer.status_code != 200 or "EntityDescriptor" not in answer.text:
            raise PeerError(answer.text[:2000])
        return answer.text

    def open_form(self, browser, url):
        """Follows the request to the login form; the form's hidden fields and where it goes."""
        answer = browser.get(url, verify=str(self.tls.ca), timeout=20)
        return self._form_of(answer)

    def _form_of(self, answer):
        state = re.search(r'name="AuthState" value="([^"]*)"', answer.text)
        if answer.status_code != 200 or not state:
            raise PeerError(f"{answer.status_code} {answer.url}: {answer.text[:2000]}")
        return {"AuthState": html.unescape(state[1])}

    def log_in(self, browser, url, name, password):
        """Fills in the form; the fields that it posts to us, or None when it refused."""
        fields = self.open_form(browser, url)
        answer = browser.post(f"{self.base}/module.php/core/loginuserpass.php", verify=str(self.tls.ca), timeout=20,
                              data={**fields, "username": name, "password": password})
        return self.posted(answer)

    @staticmethod
    def posted(answer):
        response = re.search(r'name="SAMLResponse" value="([^"]*)"', answer.text)
        relay = re.search(r'name="RelayState" value="([^"]*)"', answer.text)
        if not response:
            return None
        place = re.search(r'<form[^>]*action="([^"]*)"', answer.text)
        return {"SAMLResponse": html.unescape(response[1]), "RelayState": html.unescape(relay[1]),
                "action": html.unescape(place[1])}

    def stop(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            self.process.wait(20)
        self.tls.stop()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
