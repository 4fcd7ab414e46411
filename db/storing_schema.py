"""Step 9 of the migrations: what a story takes on the disk. Never edited once released. Pure."""

STORING = """
"""
