"""A local data warehouse for Azure cost. Importing the package stays cheap: it holds the version, nothing else."""

__version__ = "0.1.0"
