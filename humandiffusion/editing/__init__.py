"""Change one part of a picture and nothing else: masks, crops that carry their map, tiles, masked sampling."""
