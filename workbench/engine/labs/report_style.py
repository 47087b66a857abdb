"""How a report looks: the window's colors, light or dark as the reader's system is, and on paper light."""

# Petroff 2021, in fixed order; on dark lifted to a contrast of 3 with the surface.
_SERIES = {
    "light": ("#3F90DA", "#FFA90E", "#BD1F01", "#94A4A2", "#832DB6", "#A96B59", "#E76300", "#B9AC70", "#717581",
              "#92DADD"),
    "dark": ("#3F90DA", "#FFA90E", "#E02501", "#94A4A2", "#A24CD5", "#A96B59", "#E76300", "#B9AC70", "#717581",
             "#92DADD"),
}  # fmt: skip
_ROLES = {
    "light": {"window": "#F7F8FA", "surface": "#FFFFFF", "hairline": "#E3E6EB", "text": "#1C2430",
              "secondary": "#5B6675", "accent": "#2F6FED"},
    "dark": {"window": "#14171C", "surface": "#1C2027", "hairline": "#2C323C", "text": "#E7EAF0",
             "secondary": "#9AA4B2", "accent": "#6EA0FF"},
}  # fmt: skip


def _variables(theme: str) -> str:
    roles = "".join(f"--{role}:{color};" for role, color in _ROLES[theme].items())
    return roles + "".join(f"--series-{place}:{color};" for place, color in enumerate(_SERIES[theme]))


STYLE = (
    f":root{{color-scheme:light dark;{_variables('light')}}}"
    f"@media screen and (prefers-color-scheme:dark){{:root{{{_variables('dark')}}}}}"
    """
body{margin:0;background:var(--window);color:var(--text);font:14px/1.5 system-ui,sans-serif;
 font-variant-numeric:tabular-nums}
main{max-width:1180px;margin:0 auto;padding:32px 24px}
h1{font-size:22px;margin:0}
h2{font-size:14px;margin:0 0 8px}
p{margin:0 0 8px}
section{background:var(--surface);border:1px solid var(--hairline);border-radius:6px;padding:16px;margin:16px 0}
.question,.small,.agreement,footer{color:var(--secondary)}
.sentence{font-size:17px;max-width:90ch}
.seen p:last-child,section>p:last-child{margin-bottom:0}
.figures{display:flex;flex-wrap:wrap;gap:16px}
figure{flex:1 1 460px;margin:0}
figcaption{font-weight:600}
svg{width:100%;height:auto;display:block}
svg text{font-size:11px;fill:var(--secondary)}
svg .label{fill:var(--text)}
.grid{stroke:var(--hairline);stroke-width:1}
.mean{fill:none;stroke-width:1.8}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%}
.small-table{width:auto}
th,td:not(:last-child){white-space:nowrap}
th,td{text-align:left;vertical-align:top;padding:4px 16px 4px 0;border-bottom:1px solid var(--hairline)}
tbody tr:last-child td{border-bottom:0}
tr>:last-child{padding-right:0}
th{font-weight:600;color:var(--secondary)}
.number{text-align:right}
.small,footer{font-size:12px}
.small{margin:8px 0 0}
@media print{section{break-inside:avoid}}
"""
)
