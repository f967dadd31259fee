"""Papers of plans: pre-contract sheets, agreements and receipts as HTML, tagged PDF and text."""
