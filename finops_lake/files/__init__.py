"""Files of bills: where they lie, which of them count, what they are. Azure Storage is reached through azure_api."""
