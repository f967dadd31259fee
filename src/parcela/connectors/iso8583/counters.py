"""What a switch counts, for Prometheus and for people."""

from prometheus_client import Counter, Gauge

MESSAGES = Counter("parcela_switch_messages_total", "Messages from acquirers by type", ["type"])
ENRICHMENTS = Counter(
    "parcela_switch_enrichments_total",
    "Messages that may carry a plan id, by what became of it (enriched, no_plan, timeout, …)",
    ["result"],
)
ANSWERS = Counter(
    "parcela_switch_answers_total",
    "Answers to acquirers, by who gave them (host, switch) and DE 39",
    ["origin", "code"],
)
FAULTS = Counter("parcela_switch_faults_total", "Messages that could not be handled, by fault", ["fault"])
REVERSALS = Counter(
    "parcela_switch_reversals_total", "Reversals made here, by reason and outcome", ["reason", "outcome"]
)
HOST_LINKS = Gauge("parcela_switch_host_links", "Links to the issuer host that are up")
SESSIONS = Gauge("parcela_switch_sessions", "Acquirers that are connected")
