"""Photos to learn from, whatever the folder looks like: found, checked, parsed where they have no map, made of one
size.
"""
