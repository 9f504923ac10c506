"""The subcommands of `finops-lake`. A module here imports click and our own light modules; the rest when it runs."""
