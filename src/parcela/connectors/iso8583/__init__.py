"""Card messages (ISO 8583:1987): framing, fields, and the switch that adds the plan id to authorizations."""
