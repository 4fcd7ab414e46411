"""The archive: the nouns, the schema, the query language, writes and reads. Imports nothing of the other floors."""
