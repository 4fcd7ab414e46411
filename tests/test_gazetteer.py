"""The gazetteer: which places, organizations and people a text speaks of."""
