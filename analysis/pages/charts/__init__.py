"""Charts: functions from a tidy table to an Altair chart, in one look."""
