#!/usr/bin/python3
"""Writes signed trust lists as three different writers do, for tests of readers.

Written from the description below and from nothing else, so that it can disagree with the program
that it checks.

THE FORMAT

An element is: tag (1 byte), length (2 bytes, big-endian), value.  In the header, tags 3, 7 and 9
hold elements instead of a value, and tag 13 is a padding byte without a length.  Strings end with a
NUL that their length counts.

Header: 1 version 01 02 - 2 header length (u16: up to the first record, padding included) - 3 { 4
signer's subject, 5 its serial number, 6 its issuer } - 7 { 8 digest (1 SHA-1, 2 SHA-256, 3
SHA-512), 9 { 10 algorithm (0 RSA), 11 size of the signature (0, 1, 2, 3: 64, 128, 256, 512 bytes) }
} - 12 signature - 14 file name - 15 time (u32) - 13 padding to a multiple of 4.

Record: 1 record length (u16, from its own tag) - 2 host name - 3 subject - 4 role (u16) - 5 issuer
- 6 serial number (big-endian, without the sign byte) - 7 public key (PKCS#1 RSAPublicKey, or the
uncompressed EC point) - 8 the certificate's own signature - 9 the certificate (DER) - 10 address.

The signature is RSA with PKCS#1 v1.5 over the whole file without element 12.

THE DIALECTS

cucm       the order above; names read CN=;OU=;O=;L=;ST=;C= and then the other attributes
community  element 28 (signer version) after the header length, the signer as 4, 6, 5; names are
           RFC 4514 texts in the certificate's own order; records are 1, 3, 5, 6, 4, 7, 8, 9, and 10
           where an address is given
windows    the address as text in element 2, no element 8; the serial numbers of SAST records are
           stored byte-reversed; names are cn=;ou=;o=... with quotes around values that hold blanks

EXAMPLE

  ctlwrite.py --dialect windows --key a.key --out CTLFile.tlv --timestamp 1700000000 \\
    --record SAST a.pem 'subject=cn="SAST-ADN0054f509        ";ou=IPCBU;o="Cisco Systems' \\
    --record CCM+TFTP node.pem ip=10.0.0.1 extra=40:beef

Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
"""

import argparse
import ipaddress
import sys
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID

ROLES = {
    "SAST": 0, "CCM": 1, "CCM+TFTP": 2, "TFTP": 3, "CAPF": 4, "SRST": 5, "FIREWALL": 6,
    "APP-SERVER": 7, "CA": 20, "TVS": 21, "VPN": 26,
}
DIGESTS = {"sha1": (1, hashes.SHA1), "sha256": (2, hashes.SHA256), "sha512": (3, hashes.SHA512)}
MODULUS = {64: 0, 128: 1, 256: 2, 512: 3}
RECORD_ORDER = {
    "cucm": [2, 3, 4, 5, 6, 7, 8, 9, 10],
    "community": [3, 5, 6, 4, 7, 8, 9, 10],
    "windows": [2, 3, 4, 5, 6, 7, 9, 10],
}
CUCM_NAME = [
    (NameOID.COMMON_NAME, "CN"), (NameOID.ORGANIZATIONAL_UNIT_NAME, "OU"),
    (NameOID.ORGANIZATION_NAME, "O"), (NameOID.LOCALITY_NAME, "L"),
    (NameOID.STATE_OR_PROVINCE_NAME, "ST"), (NameOID.COUNTRY_NAME, "C"),
]
RECORD_KEYS = {"dns", "ip", "subject", "issuer", "serial", "reverse", "omit", "only", "order",
               "extra", "role"}


def element(tag, value):
    if len(value) > 0xFFFF:
        raise ValueError(f"element {tag} has {len(value)} bytes")
    return bytes([tag]) + len(value).to_bytes(2, "big") + value


def string(text):
    """Bytes that are no UTF-8 come from the command line as surrogates, and go out as they came."""
    return text.encode("utf-8", "surrogateescape") + b"\0"


def number(value, size):
    return value.to_bytes(size, "big")


def parse_extra(text):
    tag, _, value = text.partition(":")
    return element(int(tag, 0), bytes.fromhex(value))


def tag_list(text):
    return [int(tag) for tag in text.split(",") if tag]


def version(text):
    return bytes(int(part) for part in text.split("."))


def name_cucm(name):
    parts = []
    for oid, label in CUCM_NAME:
        parts += [f"{label}={a.value}" for a in name.get_attributes_for_oid(oid)]
    known = {oid for oid, _ in CUCM_NAME}
    parts += [a.rfc4514_string() for a in name if a.oid not in known]
    return ";".join(parts)


def name_community(name):
    return ",".join(rdn.rfc4514_string() for rdn in name.rdns)


def name_windows(name):
    parts = []
    for oid, label in CUCM_NAME:
        for attribute in name.get_attributes_for_oid(oid):
            value = attribute.value
            parts.append(f'{label.lower()}="{value}"' if " " in value else
                         f"{label.lower()}={value}")
    return ";".join(parts)


NAMES = {"cucm": name_cucm, "community": name_community, "windows": name_windows}


def key_bytes(key):
    if isinstance(key, rsa.RSAPublicKey):
        return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.PKCS1)
    if isinstance(key, ec.EllipticCurvePublicKey):
        return key.public_bytes(serialization.Encoding.X962,
                                serialization.PublicFormat.UncompressedPoint)
    raise ValueError("a certificate's key is neither RSA nor EC")


def load_certificate(path):
    with open(path, "rb") as file:
        data = file.read()
    if b"-----BEGIN" in data:
        return x509.load_pem_x509_certificate(data)
    return x509.load_der_x509_certificate(data)


class Record:
    """From the words of one --record."""

    def __init__(self, dialect, words):
        if len(words) < 2:
            raise ValueError("--record wants ROLE CERTIFICATE [KEY=VALUE...]")
        options = {}
        self.extra = b""
        for word in words[2:]:
            key, equals, value = word.partition("=")
            if not equals or key not in RECORD_KEYS:
                raise ValueError(f"--record does not know '{word}'")
            if key == "extra":
                self.extra += parse_extra(value)
            options[key] = value
        role = words[0].upper()
        self.role = ROLES[role] if role in ROLES else int(role, 0)
        certificate = load_certificate(words[1])
        serial = certificate.serial_number
        stored = number(serial, max(1, (serial.bit_length() + 7) // 8))
        reverse = options.get("reverse", "yes" if dialect == "windows" and self.role == 0 else "no")
        if reverse == "yes":
            stored = stored[::-1]
        self.serial = bytes.fromhex(options["serial"]) if "serial" in options else stored
        name = NAMES[dialect]
        self.subject = options.get("subject", name(certificate.subject))
        self.issuer = options.get("issuer", name(certificate.issuer))
        ip = options.get("ip")
        dns = options.get("dns", ip if dialect == "windows" and ip else "")
        self.values = {
            2: string(dns), 3: string(self.subject), 4: number(self.role, 2),
            5: string(self.issuer), 6: self.serial, 7: key_bytes(certificate.public_key()),
            8: certificate.signature,
            9: certificate.public_bytes(serialization.Encoding.DER),
        }
        if ip:
            self.values[10] = ipaddress.ip_address(ip).packed
        omitted = tag_list(options.get("omit", ""))
        kept = tag_list(options["only"]) if "only" in options else self.values
        order = tag_list(options["order"]) if "order" in options else RECORD_ORDER[dialect]
        self.tags = [t for t in order if t in self.values and t in kept and t not in omitted]

    def encode(self):
        body = b"".join(element(tag, self.values[tag]) for tag in self.tags) + self.extra
        return element(1, number(5 + len(body), 2)) + body


def encode_header(args, signer, signature_size, signature):
    """The header with SIGNATURE, or as it is signed, without element 12, when that is None."""
    parts = {4: string(args.signer_name or signer.subject),
             5: bytes.fromhex(args.signer_serial) if args.signer_serial else signer.serial,
             6: string(args.signer_issuer or signer.issuer)}
    default_order = "4,6,5" if args.dialect == "community" else "4,5,6"
    order = tag_list(args.signer_order or default_order)
    signer_version = args.signer_version or ("1.0" if args.dialect == "community" else "none")
    algorithm = element(10, number(0, 1)) + element(11, number(MODULUS[signature_size], 1))
    info = element(8, number(DIGESTS[args.digest][0], 1)) + element(9, algorithm)

    before = b""
    if signer_version != "none":
        before += element(28, version(signer_version))
    before += element(3, b"".join(element(tag, parts[tag]) for tag in order))
    before += element(7, info)
    after = element(14, string(args.file_name)) + element(15, number(args.timestamp, 4))
    after += b"".join(parse_extra(text) for text in args.extra_header)
    start = element(1, version(args.version))

    length = len(start) + 5 + len(before) + 3 + signature_size + len(after)
    pad = -length % 4 + args.padding
    start += element(2, number(length + pad, 2))
    middle = element(12, signature) if signature is not None else b""
    return start + before + middle + after + b"\x0d" * pad


def write(args):
    with open(args.key, "rb") as file:
        key = serialization.load_pem_private_key(file.read(), None)
    if not isinstance(key, rsa.RSAPrivateKey) or key.key_size // 8 not in MODULUS:
        raise ValueError("the key is no RSA key of 512, 1024, 2048 or 4096 bits")
    records = [Record(args.dialect, words) for words in args.record]
    if args.signer:
        signer = records[args.signer - 1]
    else:
        sasts = [record for record in records if record.role == 0]
        if not sasts:
            raise ValueError("no SAST record: say --signer N")
        signer = sasts[0]
    if args.payload:
        with open(args.payload, "rb") as file:
            body = file.read()
    else:
        body = b"".join(record.encode() for record in records)
    size = key.key_size // 8
    signed = encode_header(args, signer, size, None) + body
    signature = key.sign(signed, padding.PKCS1v15(), DIGESTS[args.digest][1]())
    if args.bad_signature:
        signature = signature[:-1] + bytes([signature[-1] ^ 1])
    with open(args.out, "wb") as file:
        file.write(encode_header(args, signer, size, signature) + body)


def main():
    parser = argparse.ArgumentParser(
        description="Writes a signed trust list.  The description of the format, of the dialects "
        "and an example stand at the top of this file.")
    parser.add_argument("--dialect", choices=sorted(NAMES), required=True)
    parser.add_argument("--key", required=True, help="PEM, RSA")
    parser.add_argument("--out", required=True)
    parser.add_argument("--record", nargs="+", action="append", required=True,
                        metavar=("ROLE", "CERTIFICATE"),
                        help="ROLE CERTIFICATE and then: dns=TEXT ip=ADDRESS subject=TEXT "
                        "issuer=TEXT serial=HEX (as stored) reverse=yes|no omit=TAG,... "
                        "only=TAG,... order=TAG,... extra=TAG:HEX (may be repeated)")
    parser.add_argument("--signer", type=int, help="number of the signer's record, from 1; "
                        "the first SAST by default")
    parser.add_argument("--digest", choices=sorted(DIGESTS), default="sha1")
    parser.add_argument("--timestamp", type=int, default=int(time.time()))
    parser.add_argument("--file-name", default="CTLFile.tlv")
    parser.add_argument("--version", default="1.2")
    parser.add_argument("--signer-version", help="element 28: 1.0, 1.1, or none")
    parser.add_argument("--signer-order", help="order of the elements in SIGNERID: 4,5,6")
    parser.add_argument("--signer-name", help="in the header only")
    parser.add_argument("--signer-serial", help="in the header only; hexadecimal")
    parser.add_argument("--signer-issuer", help="in the header only")
    parser.add_argument("--extra-header", action="append", default=[], metavar="TAG:HEX",
                        help="an element of the header, before the padding")
    parser.add_argument("--padding", type=int, default=0,
                        help="so many padding bytes more than a multiple of 4 asks for")
    parser.add_argument("--bad-signature", action="store_true", help="flips one bit")
    parser.add_argument("--payload", help="a signed file: this one's bytes in place of the records")
    args = parser.parse_args()
    try:
        write(args)
    except (OSError, ValueError, OverflowError, IndexError) as error:
        sys.exit(f"ctlwrite: {error}")


if __name__ == "__main__":
    main()
