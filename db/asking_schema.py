"""Step 11 of the migrations: views that answer the common questions without joins. Never edited once released. Pure."""

ASKING = """
"""
