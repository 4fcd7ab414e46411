"""Step 10 of the migrations: what is kept for how long. Never edited once released. Pure."""

KEEPING = """
"""
