"""Call-centre engine for a 12345 public-service hotline."""

__version__ = "0.1.0"
