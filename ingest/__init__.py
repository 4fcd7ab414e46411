"""Sources in: schedule, fetch, digest, identify, dedupe, tag, plan. Never imports ``feeds``."""
