"""Citizens by themselves: filing and tracking on the web, asking by telephone."""
