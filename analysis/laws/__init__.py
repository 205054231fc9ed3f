"""How it works: pure functions, each named for the quantity it gives and reading what it names.

`LAWS` is the model: the set of laws that every option of a scenario is evaluated with. Its order
says nothing, since the runner finds one from the arguments. Other laws answer single questions.
"""

from analysis.laws.architecture import ARCHITECTURE
from analysis.laws.cooling import COOLING
from analysis.laws.cost import COST
from analysis.laws.energy import ENERGY
from analysis.laws.throughput import THROUGHPUT

LAWS = (*ARCHITECTURE, *THROUGHPUT, *ENERGY, *COOLING, *COST)
