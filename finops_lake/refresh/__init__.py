"""One refresh: what the plan asks for is fetched, loaded and published; files and figures of the user come along."""
