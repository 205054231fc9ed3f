"""A Papermill engine: run the cells in a forked copy of a warm process, without ports and without a kernel.

Papermill imports this module whenever it is imported itself, so nothing heavy stands at the top.
"""


class ForkEngine:
    """What Papermill asks of an engine; it is no subclass because Papermill is half imported when it loads this."""

    @staticmethod
    def execute_notebook(nb, kernel_name, **options):
        """The notebook with its outputs; cells run as nbclient runs them until the forked shell stands."""
        from papermill.engines import NBClientEngine

        return NBClientEngine.execute_notebook(nb, kernel_name, **options)

    @staticmethod
    def nb_kernel_name(nb, name=None):
        """The kernel that the notebook names."""
        from papermill.utils import nb_kernel_name

        return nb_kernel_name(nb, name)

    @staticmethod
    def nb_language(nb, language=None):
        """The language that the notebook names."""
        from papermill.utils import nb_language

        return nb_language(nb, language)
