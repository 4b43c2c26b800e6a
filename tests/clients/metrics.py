"""Reads /metrics as Prometheus' own Python client does: every line, its type, its labels, its value."""

import sys
from urllib.request import urlopen

from prometheus_client.parser import text_string_to_metric_families

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
print("every line is a counter's")
