"""Pages: one module a notebook, with a function for each cell that shows something.

A page module joins questions, charts and sentences. What pages share: `words` and `numbers` say how
names and values are written, `outputs` what a cell shows, `inputs` what a scenario rests on, and
`charts` draws tidy tables.
"""
