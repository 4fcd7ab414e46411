"""The command line, the configuration and the daemon: wires the other three floors together."""

__version__ = "0.1.0"
