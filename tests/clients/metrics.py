"""Reads /metrics as Prometheus' own Python client does: every line, its type, its labels, its value. A
login and a failure have gone before, and are counted soon: at once, or when an answer of up to ten
seconds ago is forgotten."""

import sys
from time import sleep
from urllib.request import urlopen

from prometheus_client.parser import text_string_to_metric_families


def read():
    """Every counter, by type and outcome."""
    with urlopen(sys.argv[1] + "/metrics") as answer:
        assert answer.status == 200
        assert answer.headers["content-type"] == "text/plain; version=0.0.4"
        text = answer.read().decode("utf-8")

    (family,) = text_string_to_metric_families(text)
    assert (family.name, family.type) == ("gatehouse_events", "counter"), family
    assert family.documentation == "Audit events, by type and outcome."
    series = {}
    for sample in family.samples:
        assert sample.name == "gatehouse_events_total"
        assert sorted(sample.labels) == ["outcome", "type"], sample
        assert sample.timestamp is None and sample.value >= 0
        series[(sample.labels["type"], sample.labels["outcome"])] = sample.value
    # One sample a line, none twice, and none that the parser passed over.
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert len(series) == len(lines) == 42, (len(series), len(lines))
    assert text.endswith("\n")
    return series


def are_counted(series):
    """Whether the login and the failure are."""
    wanted = [("authn_login_success", "success"), ("authn_login_fail", "failure")]
    return all(series[counter] >= 1 for counter in wanted)


before = read()
for _ in range(150):
    after = read()
    assert all(after[counter] >= before[counter] for counter in before), (before, after)
    if are_counted(after):
        break
    before = after
    sleep(0.2)
assert are_counted(after), after
print("every line is a counter's")
