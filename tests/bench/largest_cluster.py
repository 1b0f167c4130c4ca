#!/usr/bin/python3
"""Makes the largest cluster that there can be: ctlsign.conf with 28 nodes and 60 certificates.

Its keys have 1024 bits: with longer ones 60 certificates do not fit into the 64 KB of a CTL.

usage: largest_cluster.py DIRECTORY

Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
"""
import datetime
import os
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID


def certificate(directory, name, common_name=None, bits=1024, keep_key=False):
    """Writes NAME.pem, self-signed, and NAME.key if it is kept."""
    key = rsa.generate_private_key(65537, bits)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name or name)])
    now = datetime.datetime.utcnow()
    made = (x509.CertificateBuilder().subject_name(subject).issuer_name(subject)
            .public_key(key.public_key()).serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1000)).sign(key, hashes.SHA256()))
    with open(f"{directory}/{name}.pem", "wb") as file:
        file.write(made.public_bytes(serialization.Encoding.PEM))
    if keep_key:
        with open(os.open(f"{directory}/{name}.key", os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
            file.write(key.private_bytes(serialization.Encoding.PEM,
                                         serialization.PrivateFormat.TraditionalOpenSSL,
                                         serialization.NoEncryption()))


# Kind of section, how many, and the third byte of their addresses.
SERVERS = (("subscriber", 16, 1), ("tftp", 2, 2), ("media", 9, 3), ("alternate-tftp", 15, 4),
           ("firewall", 15, 5))


def make(directory):
    """Returns the entries beside the SASTs as arguments of `ctlsign build`."""
    lines = ['cluster = "largest"', 'release = "12.5(1)"', "export-controlled = yes",
             'publisher pub {', '  address = "10.1.0.1"', "  services = {CallManager, TFTP, CAPF}",
             '  certificate = "pub.pem"', '  capf-certificate = "capf.pem"', "}"]
    entries = ["--ccm-tftp", "pub.pem,dns=pub,ip=10.1.0.1", "--capf",
               "capf.pem,dns=pub,ip=10.1.0.1"]
    options = {"subscriber": "--ccm-tftp", "tftp": "--tftp", "alternate-tftp": "--tftp",
               "firewall": "--firewall"}
    certificate(directory, "pub", bits=2048, keep_key=True)
    certificate(directory, "capf", "CAPF-1a2b3c4d")
    certificate(directory, "recovery", "ITLRECOVERY_pub", bits=2048, keep_key=True)
    for kind, count, third in SERVERS:
        for number in range(1, count + 1):
            name, address = f"{kind}{number}", f"10.1.{third}.{number}"
            certificate(directory, name)
            lines += [f"{kind} {name} {{", f'  address = "{address}"',
                      f'  certificate = "{name}.pem"', "}"]
            if kind in options:
                entries += [options[kind], f"{name}.pem,dns={name},ip={address}"]
    lines += ["itlrecovery {", '  certificate = "recovery.pem"', '  key = "recovery.key"', "}",
              'callmanager { key = "pub.key" }']
    with open(f"{directory}/ctlsign.conf", "w", encoding="ascii") as file:
        file.write("\n".join(lines) + "\n")
    return entries


if __name__ == "__main__":
    make(sys.argv[1])
