"""Human parsing: from a photo to a semantic pose."""
