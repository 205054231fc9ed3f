"""Warms the process that imports it: the server that copies itself for each report, and no other.

multiprocessing's forkserver takes names of modules to import first, and nothing else.
"""

import os

from analysis.press.preload import warm

# The pool names the domain, by its import path.
warm(os.environ["PASSTHROUGH_DOMAIN"])
