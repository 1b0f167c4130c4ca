#!/usr/bin/python3
"""Benchmarks of delivery on loopback: 28 SFTP targets against one, and the CTL Provider against
nginx that serves the same file over TLS to the same clients, side by side in the same run.

ab is the load tool because it can show a client certificate; two of them run at a time.

usage: delivery.py CTLSIGN CTLPROVIDERD [--rounds N] [--seconds N]

Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
"""
import argparse
import getpass
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

import largest_cluster
from bench import alternate, goal, milliseconds, missed, quiet, seconds

NODES = 28
servers = []


def program(name):
    return shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/sbin")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def serve(port, log, command):
    """Starts a server and waits until it listens; it ends with this program."""
    with open(log, "w", encoding="ascii") as file:
        server = subprocess.Popen(["setpriv", "--pdeathsig", "KILL"] + command, stdout=file,
                                  stderr=file, stdin=subprocess.DEVNULL)
    servers.append(server)
    for _ in range(500):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            time.sleep(0.02)
        if server.poll() is not None:
            break
    with open(log, encoding="ascii") as file:
        sys.exit(f"{command[0]} does not listen on port {port}:\n{file.read()}")


def write(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


# ---- SFTP ---------------------------------------------------------------------------------------

def start_sshd(directory, number):
    """Returns its port; its key is added to the known ones."""
    port, home = free_port(), f"{directory}/sshd{number}"
    os.makedirs(home)
    quiet(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{home}/host_key"])
    shutil.copy(f"{directory}/id_ed25519.pub", f"{home}/authorized_keys")
    write(f"{home}/sshd_config", f"""ListenAddress 127.0.0.1:{port}
HostKey {home}/host_key
AuthorizedKeysFile {home}/authorized_keys
PidFile none
StrictModes no
UsePAM no
UseDNS no
PermitRootLogin yes
MaxStartups 500
Subsystem sftp internal-sftp
""")
    with open(f"{home}/host_key.pub", encoding="ascii") as file:
        key = " ".join(file.read().split()[:2])
    with open(f"{directory}/known_hosts", "a", encoding="ascii") as file:
        file.write(f"[127.0.0.1]:{port} {key}\n")
    serve(port, f"{home}/log", [program("sshd"), "-D", "-e", "-f", f"{home}/sshd_config"])
    return port


class Cluster:
    """28 nodes, of which the first N have a target; the others are served by hand."""

    def __init__(self, ctlsign, directory, name, ports):
        self.ctlsign, self.home = ctlsign, f"{directory}/{name}"
        self.conf = f"{self.home}/ctlsign.conf"
        shutil.copytree(f"{directory}/cluster", self.home)
        with open(self.conf, encoding="ascii") as file:
            text = file.read()
        # Its alternate TFTP servers and firewalls are no part of this.
        text = re.sub(r"(alternate-tftp|firewall) \S+ {[^}]*}\n", "", text)
        sections = re.split(r"(?m)^(?=(?:publisher|subscriber|tftp|media|itlrecovery) )", text)
        for number, port in enumerate(ports):
            folder = f"{self.home}/target{number}"
            os.makedirs(folder)
            sections[number + 1] = sections[number + 1].replace(
                "\n}\n",
                f'\n  deliver = {{"sftp://{getpass.getuser()}@127.0.0.1:{port}{folder}"}}\n}}\n')
        write(self.conf, "".join(sections) + f"""publish {{
  ssh-key = "{directory}/id_ed25519"
  ssh-known-hosts = "{directory}/known_hosts"
}}
""")
        self.everywhere = len(ports) == NODES
        self.change("set-cluster", "mixed-mode", "--tokenless")
        self.publish()

    def change(self, *words):
        quiet([self.ctlsign, *words, "--no-publish", "--yes", "--config", self.conf])

    def publish(self):
        """Seconds that delivering the pending generation takes."""
        took = seconds([self.ctlsign, "publish", "--yes", "--config", self.conf])
        if not self.everywhere:
            quiet([self.ctlsign, "publish", "--by-hand", "--yes", "--config", self.conf])
        return took

    def update(self):
        self.change("update")
        return self.publish()


def bench_sftp(args, directory):
    if os.getuid() == 0:
        os.makedirs("/run/sshd", mode=0o755, exist_ok=True)
    os.makedirs(f"{directory}/cluster")
    largest_cluster.make(f"{directory}/cluster")
    quiet(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{directory}/id_ed25519"])
    ports = [start_sshd(directory, number) for number in range(NODES)]
    one = Cluster(args.ctlsign, directory, "one", ports[:1])
    shared = Cluster(args.ctlsign, directory, "shared", ports[:1] * NODES)
    own = Cluster(args.ctlsign, directory, "own", ports)
    times = alternate(args.rounds, one.update, shared.update, own.update)
    print(f"  publish, one SFTP target:             {milliseconds(times[0])}")
    print(f"  publish, {NODES} folders of one sshd:      {milliseconds(times[1])}")
    print(f"  publish, {NODES} sshd processes:           {milliseconds(times[2])}")
    single = statistics.median(times[0])
    goal(f"{NODES} folders of one sshd / one target", statistics.median(times[1]) / single, 3.0)
    goal(f"{NODES} sshd processes / one target", statistics.median(times[2]) / single, 3.0)


# ---- the provider -------------------------------------------------------------------------------

def certificate(directory, name, extra):
    quiet(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
           "-nodes", "-subj", f"/CN={name}", "-days", "100", "-keyout", f"{directory}/{name}.key",
           "-out", f"{directory}/{name}.pem"] + extra)
    with open(f"{directory}/{name}.both", "w", encoding="ascii") as both:
        for suffix in ("pem", "key"):
            with open(f"{directory}/{name}.{suffix}", encoding="ascii") as file:
                both.write(file.read())


def start_nginx(directory, port):
    write(f"{directory}/nginx.conf", f"""worker_processes auto;
daemon off;
pid {directory}/nginx.pid;
error_log {directory}/nginx.error;
{"user root;" if os.getuid() == 0 else ""}
events {{ worker_connections 1024; }}
http {{
  access_log {directory}/nginx.access;
  client_body_temp_path {directory}/nginx.body;
  proxy_temp_path {directory}/nginx.proxy;
  fastcgi_temp_path {directory}/nginx.fastcgi;
  uwsgi_temp_path {directory}/nginx.uwsgi;
  scgi_temp_path {directory}/nginx.scgi;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000;
  open_file_cache max=100;
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {directory}/localhost.pem;
    ssl_certificate_key {directory}/localhost.key;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_client_certificate {directory}/officer.pem;
    ssl_verify_client on;
    location /v1/files/ {{ alias {directory}/files/; }}
  }}
}}
""")
    serve(port, f"{directory}/nginx.log", [program("nginx"), "-c", f"{directory}/nginx.conf"])


def start_provider(daemon, directory, port):
    os.makedirs(f"{directory}/state", mode=0o700)
    user = ""
    if os.getuid() == 0:
        # It does not serve as root.
        user = 'user = "nobody"'
        os.chmod(directory, 0o755)
        for folder in ("state", "files"):
            shutil.chown(f"{directory}/{folder}", "nobody")
    write(f"{directory}/ctlproviderd.conf", f"""node = "bench"
directory = "{directory}/files"
state = "{directory}/state"
certificate = "{directory}/localhost.pem"
key = "{directory}/localhost.key"
clients = "{directory}/officer.pem"
listen = {{"127.0.0.1:{port}"}}
max-per-client = 256
{user}
""")
    serve(port, f"{directory}/provider.log",
          [daemon, "--config", f"{directory}/ctlproviderd.conf"])


def load(directory, port, length, run_for, keep_alive):
    """Requests a second of two load generators with 32 connections each."""
    command = ["ab", "-q", "-t", str(run_for), "-n", "10000000", "-c", "32", "-s", "10",
               "-E", f"{directory}/officer.both"] + (["-k"] if keep_alive else [])
    command.append(f"https://127.0.0.1:{port}/v1/files/CTLFile.tlv")
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                text=True) for _ in range(2)]
    rate = 0.0
    for one in running:
        text = one.communicate()[0]
        found = re.search(r"Requests per second:\s+([\d.]+)", text)
        if (not found or f"Document Length:        {length} bytes" not in text
                or not re.search(r"Failed requests:\s+0\n", text) or "Non-2xx" in text):
            sys.exit(f"the load tool says:\n{text[:400]}\n...\n{text[-1200:]}")
        rate += float(found.group(1))
    return rate


def bench_provider(args, directory):
    os.makedirs(f"{directory}/files")
    shutil.copy(f"{directory}/own/CTLFile.tlv", f"{directory}/files/CTLFile.tlv")
    length = os.path.getsize(f"{directory}/files/CTLFile.tlv")
    certificate(directory, "localhost", ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"])
    certificate(directory, "officer", [])
    ours, theirs = free_port(), free_port()
    start_provider(args.ctlproviderd, directory, ours)
    start_nginx(directory, theirs)
    for keep_alive, name in ((True, "keep-alive"), (False, "new connections")):
        rates = alternate(args.loads,
                          lambda: load(directory, ours, length, args.seconds, keep_alive),
                          lambda: load(directory, theirs, length, args.seconds, keep_alive))
        provider, nginx = map(statistics.median, rates)
        print(f"  {length} bytes over TLS, {name}: ctlproviderd {provider:.0f}/s, "
              f"nginx {nginx:.0f}/s")
        goal(f"provider / nginx, {name}", provider / nginx, 0.5, at_least=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("ctlsign")
    parser.add_argument("ctlproviderd")
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--loads", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=3, help="of each run of the load tool")
    args = parser.parse_args()
    args.ctlsign, args.ctlproviderd = map(os.path.abspath, (args.ctlsign, args.ctlproviderd))
    for name in ("sshd", "nginx", "ab", "ssh-keygen", "openssl"):
        if not program(name):
            sys.exit(f"{name} is not installed (Debian: openssh-server nginx-light apache2-utils)")
    # In memory where that can be had, as a disk's time would say nothing of either side.
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    directory = tempfile.mkdtemp(prefix="ctlsign-delivery.", dir=memory)
    os.environ["XDG_STATE_HOME"] = f"{directory}/xdg"
    try:
        bench_sftp(args, directory)
        bench_provider(args, directory)
    finally:
        for server in servers:
            server.terminate()
        for server in servers:
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()
        shutil.rmtree(directory)
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
