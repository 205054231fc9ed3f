"""Settings of the whole suite."""

import os

from hypothesis import settings

# No deadline: how long an example takes says more of the machine than of the code. In CI the same
# examples each time.
settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")
