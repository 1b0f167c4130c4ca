#!/usr/bin/python3
"""Reads a trust list (CTL, ITL) or a signed file (.sgn), verifies it, and prints JSON.

Written from the description below and from nothing else, so that it can disagree with the program
that it checks.

THE FORMAT

An element is: tag (1 byte), length (2 bytes, big-endian), value.  Exceptions, in the header only:
tags 3, 7 and 9 hold elements instead of a value; tag 13 is a padding byte without a length.
Strings end with a NUL that their length counts.

Header: 1 version (2 bytes) - 2 header length (u16: from offset 0 to the first record, padding
included) - 28 signer version (optional) - 3 { 4 signer's subject, 5 its serial number, 6 its
issuer, in any order } - 7 { 8 digest (1 SHA-1, 2 SHA-256, 3 SHA-512), 9 { 10 algorithm (0 RSA), 11
size of the signature (0, 1, 2, 3: 64, 128, 256, 512 bytes) } } - 12 signature (RSA, PKCS#1 v1.5) -
14 file name - 15 time (u32, seconds since 1970) - 13 padding.

The signature covers the whole file but for element 12, all its bytes.

Record: 1 record length (u16, from its own tag) - 2 host name or address - 3 subject - 4 role (u16)
- 5 issuer - 6 serial number - 7 public key (PKCS#1 RSAPublicKey, or the uncompressed EC point) -
8 the certificate's own signature - 9 the certificate (DER) - 10 address (4 or 16 bytes) - 11, 12 a
hash of the certificate and its algorithm.  Which are there, and in which order, differs by writer.

The signer is the record with role 0 whose serial number and issuer are the header's, byte by byte.
A signed file has the same header, and the file's bytes in place of the records; who signed it is
not inside (--certificate).

Exit codes: 0 read, and the signature is good; 1 read, but the signature is not; 2 malformed;
3 the file cannot be read, or wrong usage.

Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
"""

import argparse
import base64
import datetime
import hashlib
import ipaddress
import json
import sys

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

CONTAINERS = {3, 7, 9}
PADDING = 13
HEADER_NAMES = {
    1: "version", 2: "header-length", 3: "signer-id", 4: "signer-name", 5: "serial-number",
    6: "ca-name", 7: "signature-info", 8: "digest-algorithm", 9: "signature-algorithm-info",
    10: "signature-algorithm", 11: "signature-modulus", 12: "signature", 13: "padding",
    14: "file-name", 15: "timestamp", 28: "signer-version",
}
RECORD_NAMES = {
    1: "record-length", 2: "dns-name", 3: "subject-name", 4: "function", 5: "issuer-name",
    6: "serial-number", 7: "public-key", 8: "signature", 9: "certificate", 10: "ip-address",
    11: "certificate-hash", 12: "hash-algorithm",
}
ROLES = {
    0: "SAST", 1: "CCM", 2: "CCM+TFTP", 3: "TFTP", 4: "CAPF", 5: "SRST", 6: "firewall",
    7: "APP-SERVER", 20: "CA", 21: "TVS", 22: "call-control", 23: "provisioning", 24: "data",
    25: "network-element", 26: "VPN", 27: "serviceability", 255: "unknown",
}
DIGESTS = {1: ("sha1", hashes.SHA1), 2: ("sha256", hashes.SHA256), 3: ("sha512", hashes.SHA512)}


class Malformed(Exception):
    def __init__(self, offset, text):
        super().__init__(text)
        self.offset = offset


class Element:
    def __init__(self, data, offset, end):
        if offset + 3 > end:
            raise Malformed(offset, "the element's tag and length are cut off")
        self.offset = offset
        self.tag = data[offset]
        self.length = int.from_bytes(data[offset + 1:offset + 3], "big")
        self.next = offset + 3 + self.length
        if self.next > end:
            raise Malformed(offset, f"element {self.tag} of {self.length} bytes runs over its end")
        self.value = data[offset + 3:self.next]

    def number(self, size):
        if self.length != size:
            raise Malformed(self.offset, f"element {self.tag} has {self.length} bytes, not {size}")
        return int.from_bytes(self.value, "big")

    def text(self):
        """Names are opaque bytes: what is no UTF-8 is shown as \\xNN."""
        if not self.value.endswith(b"\0"):
            raise Malformed(self.offset, f"the string of element {self.tag} does not end with NUL")
        return self.value[:-1].decode("utf-8", "backslashreplace")

    def show(self, names):
        return {"tag": self.tag, "name": names.get(self.tag), "offset": self.offset,
                "length": self.length}


def header_elements(data, offset, end, out):
    """All elements of the header, containers first and then what they hold.  Returns padding."""
    pad = 0
    while offset < end:
        if data[offset] == PADDING:
            pad += 1
            offset += 1
            continue
        element = Element(data, offset, end)
        out.append(element)
        if element.tag in CONTAINERS:
            pad += header_elements(data, offset + 3, element.next, out)
        offset = element.next
    return pad


def by_tag(elements, what, offset):
    found = {}
    for element in elements:
        if element.tag in found:
            raise Malformed(element.offset, f"element {element.tag} stands twice in {what}")
        found[element.tag] = element
    return found


def find_header_length(data):
    """Element 2 is needed before the end of the header is known."""
    offset = 0
    while True:
        element = Element(data, offset, len(data))
        if element.tag == 2:
            length = element.number(2)
            if length > len(data) or length < element.next:
                raise Malformed(offset, f"header length {length} in a file of {len(data)}")
            return length
        offset = element.next


def read_header(data):
    end = find_header_length(data)
    elements = []
    pad = header_elements(data, 0, end, elements)
    tags = by_tag(elements, "the header", 0)
    for tag in (1, 4, 5, 6, 8, 10, 11, 12):
        if tag not in tags:
            raise Malformed(0, f"the header has no element {tag}")
    digest = tags[8].number(1)
    modulus = tags[11].number(1)
    header = {
        "offset": 0,
        "length": end,
        "version": ".".join(str(b) for b in tags[1].value),
        "signer_version": ".".join(str(b) for b in tags[28].value) if 28 in tags else None,
        "signer": {"name": tags[4].text(), "serial": tags[5].value.hex(), "issuer": tags[6].text()},
        "digest": DIGESTS[digest][0] if digest in DIGESTS else f"unknown {digest}",
        "signature_algorithm": "rsa" if tags[10].number(1) == 0 else "unknown",
        "signature_bytes": 64 << modulus if modulus < 4 else None,
        "signature": {"offset": tags[12].offset, "length": tags[12].length},
        "file_name": tags[14].text() if 14 in tags else None,
        "timestamp": tags[15].number(4) if 15 in tags else None,
        "padding": pad,
        "elements": [e.show(HEADER_NAMES) for e in elements],
        "unknown": [e.tag for e in elements if e.tag not in HEADER_NAMES],
    }
    if header["timestamp"] is not None:
        when = datetime.datetime.fromtimestamp(header["timestamp"], datetime.timezone.utc)
        header["time"] = when.strftime("%Y-%m-%dT%H:%M:%SZ")
    return header, tags


def key_bytes(key):
    """As element 7 has it; None for a kind of key that it cannot have."""
    if isinstance(key, rsa.RSAPublicKey):
        return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.PKCS1)
    if isinstance(key, ec.EllipticCurvePublicKey):
        return key.public_bytes(serialization.Encoding.X962,
                                serialization.PublicFormat.UncompressedPoint)
    return None


def show_certificate(der, tags):
    shown = {"length": len(der), "sha256": hashlib.sha256(der).hexdigest()}
    key = None
    try:
        certificate = x509.load_der_x509_certificate(der)
        key = certificate.public_key()
        size = key.key_size
        serial = certificate.serial_number
        from_to = [certificate.not_valid_before, certificate.not_valid_after]
        shown["subject"] = certificate.subject.rfc4514_string()
    except Exception as error:  # broken certificates raise all sorts, KeyError included
        shown["error"] = f"{type(error).__name__}: {error}"
        return shown, key
    wanted = abs(serial).to_bytes(max(1, (serial.bit_length() + 7) // 8), "big")
    shown["serial"] = wanted.hex()
    kind = {rsa.RSAPublicKey: "rsa", ec.EllipticCurvePublicKey: "ec"}
    shown["key"] = next((v for k, v in kind.items() if isinstance(key, k)), "other") + str(size)
    shown["not_before"], shown["not_after"] = [t.isoformat() + "Z" for t in from_to]
    if 6 in tags:
        stored = tags[6].value
        shown["record_serial"] = ("same" if stored == wanted else
                                  "reversed" if stored[::-1] == wanted else "differs")
    if 7 in tags:
        shown["record_key"] = "same" if tags[7].value == key_bytes(key) else "differs"
    if 8 in tags:
        same = tags[8].value == certificate.signature
        shown["record_signature"] = "same" if same else "differs"
    return shown, key


def read_record(data, offset, index):
    first = Element(data, offset, len(data))
    if first.tag != 1:
        raise Malformed(offset, f"a record begins with element {first.tag}")
    length = first.number(2)
    end = offset + length
    if length < 5 or end > len(data):
        raise Malformed(offset, f"record length {length} with {len(data) - offset} bytes left")
    elements = []
    at = offset
    while at < end:
        element = Element(data, at, end)
        elements.append(element)
        at = element.next
    tags = by_tag(elements, f"record {index}", offset)
    role = tags[4].number(2) if 4 in tags else None
    record = {
        "index": index, "offset": offset, "length": length,
        "dns_name": tags[2].text() if 2 in tags else None,
        "subject": tags[3].text() if 3 in tags else None,
        "function": role, "role": ROLES.get(role),
        "issuer": tags[5].text() if 5 in tags else None,
        "serial": tags[6].value.hex() if 6 in tags else None,
        "ip_address": None, "certificate": None,
        "elements": [e.show(RECORD_NAMES) for e in elements],
        "order": [e.tag for e in elements],
        "unknown": [e.tag for e in elements if e.tag not in RECORD_NAMES],
    }
    if 10 in tags:
        if tags[10].length not in (4, 16):
            raise Malformed(tags[10].offset, "the address has neither 4 nor 16 bytes")
        record["ip_address"] = str(ipaddress.ip_address(tags[10].value))
    key = None
    if 9 in tags:
        record["certificate"], key = show_certificate(tags[9].value, tags)
    return record, tags, key


def stored_key(tags):
    """The RSA key of element 7, for a signer's record without a usable certificate."""
    if 7 not in tags:
        return None
    try:
        # A bare RSAPublicKey has no loader for DER, its PEM form has.
        pem = b"-----BEGIN RSA PUBLIC KEY-----\n" + base64.encodebytes(tags[7].value)
        return serialization.load_pem_public_key(pem + b"-----END RSA PUBLIC KEY-----\n")
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None


def verify(data, header_tags, key):
    """(good, reason)"""
    digest = header_tags[8].number(1)
    signature = header_tags[12]
    modulus = header_tags[11].number(1)
    if digest not in DIGESTS:
        return False, f"unknown digest {digest}"
    if header_tags[10].number(1) != 0:
        return False, "unknown signature algorithm"
    if modulus > 3 or signature.length != 64 << modulus:
        return False, "the signature has another length than the header says"
    if not isinstance(key, rsa.RSAPublicKey):
        return False, "the signer's key is no RSA key, or cannot be read"
    signed = data[:signature.offset] + data[signature.next:]
    try:
        key.verify(signature.value, signed, padding.PKCS1v15(), DIGESTS[digest][1]())
    except InvalidSignature:
        return False, "the signature does not fit the signed bytes and the signer's key"
    return True, None


def load_certificate(path):
    with open(path, "rb") as file:
        data = file.read()
    if b"-----BEGIN" in data:
        return x509.load_pem_x509_certificate(data)
    return x509.load_der_x509_certificate(data)


def read(data, certificate, payload):
    header, header_tags = read_header(data)
    out = {"length": len(data), "header": header}
    good, reason = None, "no signer"
    if payload:
        out["payload"] = {"offset": header["length"], "length": len(data) - header["length"]}
    else:
        out["records"] = []
        out["signer_record"] = None
        offset = header["length"]
        while offset < len(data):
            record, tags, key = read_record(data, offset, len(out["records"]) + 1)
            out["records"].append(record)
            offset += record["length"]
            if (out["signer_record"] is None and record["function"] == 0 and 5 in tags
                    and 6 in tags and tags[6].value == header_tags[5].value
                    and tags[5].value == header_tags[6].value):
                out["signer_record"] = record["index"]
                good, reason = verify(data, header_tags, key or stored_key(tags))
        if out["signer_record"] is None:
            good, reason = False, "no SAST record has the header's serial number and issuer"
    if certificate is not None:
        good, reason = verify(data, header_tags, certificate.public_key())
    out["signature"] = {"good": good, "reason": reason}
    return out


def main():
    parser = argparse.ArgumentParser(description="Reads and verifies a trust list; prints JSON.")
    parser.add_argument("file")
    parser.add_argument("--certificate", help="verify with this one's key (PEM or DER)")
    parser.add_argument("--payload", action="store_true",
                        help="a signed file: a payload follows the header, not records")
    try:
        args = parser.parse_args()
    except SystemExit as error:
        sys.exit(3 if error.code else 0)
    try:
        with open(args.file, "rb") as file:
            data = file.read()
        certificate = load_certificate(args.certificate) if args.certificate else None
    except (OSError, ValueError) as error:
        print(f"ctlread: {error}", file=sys.stderr)
        sys.exit(3)
    try:
        out = read(data, certificate, args.payload)
        code = 0 if out["signature"]["good"] else 1
    except Malformed as error:
        out = {"length": len(data), "error": str(error), "offset": error.offset}
        code = 2
    json.dump(out, sys.stdout, indent=1)
    print()
    sys.exit(code)


if __name__ == "__main__":
    main()
