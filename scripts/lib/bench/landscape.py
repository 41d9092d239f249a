# SPDX-License-Identifier: Apache-2.0
"""The servers that are looked at: one nginx behind many addresses, with a chain of three certificates."""

import subprocess
import time
from pathlib import Path

from process import Process

SERVER_NAME = "api.bench.example"
PORT = 8443

EXTENSIONS = f"""
[root]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[intermediate]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[leaf]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature, keyEncipherment
extendedKeyUsage = serverAuth, clientAuth
subjectAltName = DNS:{SERVER_NAME}
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
"""

# Tickets and protocols are nginx's own defaults; the clients do not resume.
NGINX = """
daemon off;
user root;
pid {place}/nginx.pid;
error_log {place}/nginx.log error;
worker_processes 2;
worker_rlimit_nofile 65536;
events {{ worker_connections 16384; }}
http {{
  access_log off;
  client_body_temp_path {place}/nginx-body;
  proxy_temp_path {place}/nginx-proxy;
  fastcgi_temp_path {place}/nginx-fastcgi;
  uwsgi_temp_path {place}/nginx-uwsgi;
  scgi_temp_path {place}/nginx-scgi;
  server {{
    listen 0.0.0.0:{port} ssl backlog=4096 reuseport;
    ssl_certificate {place}/chain.pem;
    ssl_certificate_key {place}/leaf.key;
    ssl_session_cache none;
    return 204;
  }}
}}
"""


class Landscape:
    """N servers that present one chain, without its root, and the root in a file of its own."""

    def __init__(self, place: Path, endpoints: int, key: str):
        self.place = place
        self.root = place / "root.pem"
        # 250 in the last byte and 240 in the third, so that no address looks like a network's or broadcast's own.
        self.hosts = [f"127.{1 + i // 60000}.{i // 250 % 240}.{i % 250 + 1}" for i in range(endpoints)]
        self._make_chain(key)

    def serve(self) -> Process:
        """Starts nginx and returns when it answers."""
        configuration = self.place / "nginx.conf"
        configuration.write_text(NGINX.format(place=self.place, port=PORT))
        server = Process(["nginx", "-p", str(self.place), "-c", str(configuration)], self.place / "nginx.out")
        check = ["openssl", "s_client", "-connect", f"{self.hosts[-1]}:{PORT}", *self.verification, "-brief"]
        for _ in range(100):
            answer = subprocess.run(check, stdin=subprocess.DEVNULL, capture_output=True, check=False)
            if answer.returncode == 0:
                return server
            server.must_run()
            time.sleep(0.05)
        server.stop()
        raise RuntimeError(f"nginx does not answer: {answer.stderr.decode(errors='replace')}")

    @property
    def verification(self) -> list:
        """How openssl is told to judge the chain as the others do."""
        return [
            "-servername", SERVER_NAME, "-verify_hostname", SERVER_NAME,
            "-CAfile", str(self.root), "-verify_return_error",
        ]

    def _make_chain(self, key: str) -> None:
        (self.place / "extensions.cnf").write_text(EXTENSIONS)
        algorithm = {
            "rsa": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
            "ec": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
        }[key]
        issuer = None
        for name, subject, days in [
            ("root", "/C=DE/O=Bench/CN=Bench Root", 3650),
            ("intermediate", "/C=DE/O=Bench/CN=Bench Issuing CA 1", 1825),
            ("leaf", f"/C=DE/O=Bench/CN={SERVER_NAME}", 365),
        ]:
            self._openssl("genpkey", *algorithm, "-out", f"{name}.key")
            self._openssl("req", "-new", "-key", f"{name}.key", "-subj", subject, "-out", f"{name}.csr")
            signer = ["-signkey", "root.key"] if issuer is None else \
                ["-CA", f"{issuer}.pem", "-CAkey", f"{issuer}.key", "-CAcreateserial"]
            self._openssl(
                "x509", "-req", "-in", f"{name}.csr", *signer, "-days", str(days), "-sha256",
                "-extfile", "extensions.cnf", "-extensions", name, "-out", f"{name}.pem")
            issuer = name
        chain = (self.place / "leaf.pem").read_bytes() + (self.place / "intermediate.pem").read_bytes()
        (self.place / "chain.pem").write_bytes(chain)

    def _openssl(self, *arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=self.place, check=True, capture_output=True)
