"""Calls from a loopback address of one's own, since limits are by address (Linux)."""

import random

import requests
from requests.adapters import HTTPAdapter


class Address(HTTPAdapter):
    """Connects from this address."""

    def __init__(self, host):
        self.host = host
        super().__init__()

    def init_poolmanager(self, *args, **kwargs):
        super().init_poolmanager(*args, source_address=(self.host, 0), **kwargs)


def session_at(network):
    """A session of requests from an address in 127.network.0.0/16."""
    session = requests.Session()
    host = f"127.{network}.{random.randrange(256)}.{random.randrange(1, 255)}"
    session.mount("http://127.", Address(host))
    return session
