"""Stories out: select, render, publish, serve. Never imports ``ingest``."""
