"""The countries in which a rule stands, by their three letters."""

EUROPEAN_UNION: frozenset[str] = frozenset(
    (
        *("AUT", "BEL", "BGR", "CYP", "CZE", "DEU", "DNK", "ESP", "EST", "FIN", "FRA", "GRC", "HRV", "HUN"),
        *("IRL", "ITA", "LTU", "LUX", "LVA", "MLT", "NLD", "POL", "PRT", "ROU", "SVK", "SVN", "SWE"),
    )
)
"""The member states, which carry out Directive (EU) 2023/2225."""
