"""Names of the notebook outputs that the press reads: charts, and records for machines."""

CHART = "application/vnd.vegalite.v6+json"
# The answer of a report: see records.Answer.
HEADLINE = "application/vnd.passthrough.headline+json"
# {"rows": [...]}: the rows of a report to take away.
NUMBERS = "application/vnd.passthrough.numbers+json"
# A register of forecasts, as the notebook wrote it.
FORECASTS = "application/vnd.passthrough.forecasts+json"
# {"name": ..., "content": ...}: a JSON file that a report leaves in its scenario's folder.
FILES = "application/vnd.passthrough.file+json"
# {"columns": [...], "rows": [[...], ...]}: a tidy table that stands beside the page, as CSV and
# Parquet.
TABLE = "application/vnd.passthrough.table+json"
# {"inputs": [{"path": ..., "keys": [...]}]}: files that the notebook read beside its own scenario.
INPUTS = "application/vnd.passthrough.inputs+json"
