#!/usr/bin/env python3
"""Writes vectors.tsv: tokens made by botocore with fixed keys at a fixed time, for the verifier's tests.

Run by hand when a case is added; the tests read only the committed file, so they need no Python."""

import datetime
import pathlib
from unittest import mock

import botocore.auth
import botocore.session
from botocore.signers import generate_db_auth_token

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
HOST = "orders.cluster-c9abc.us-east-1.rds.amazonaws.com"
UTC = datetime.timezone.utc
FIXED = datetime.datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)
SESSION = "IQoJb3JpZ2luX2VjEJr//////////wEaCXVzLWVhc3QtMSJGMEQCIB+/=="


def line(user, session_length=0, host=HOST, port=3306, region="us-east-1", when=FIXED):
    session_token = (SESSION * 100)[:session_length] or None
    key = "ASIAIOSFODNN7EXAMPLE" if session_token else "AKIAIOSFODNN7EXAMPLE"
    session = botocore.session.Session()
    session.set_credentials(key, SECRET, session_token)
    client = session.create_client("rds", region_name=region)
    clock = lambda remove_tzinfo=True: when.replace(tzinfo=None) if remove_tzinfo else when
    with mock.patch.object(botocore.auth, "get_current_datetime", clock):
        token = generate_db_auth_token(client, host, port, user, region)
    assert when.strftime("%Y%m%dT%H%M%SZ") in token, "this botocore takes its time elsewhere"
    return "\t".join([host, str(port), region, str(int(when.timestamp())), user, session_token or "-", token])


users = ["dba", "a+b", "a b", "a&b", "a#b", "u@x", "ü", "a%b", "a'b", "a/b", "a~b-_.c", "a=b", "a%2Fb"]
lines = [line(user) for user in users]
lines += [line("dba", session_length=length) for length in (100, 256, 1000, 3000)]
lines.append(line("app", host="a.b.eu-west-1.rds.amazonaws.com", port=3307, region="eu-west-1"))
lines.append(line("dba", when=datetime.datetime(2028, 2, 29, 23, 59, 59, tzinfo=UTC)))
lines.append(line("dba", when=datetime.datetime(2027, 1, 1, tzinfo=UTC)))
pathlib.Path(__file__).with_name("vectors.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
