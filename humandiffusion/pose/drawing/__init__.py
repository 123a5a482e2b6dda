"""How the parametric figure is drawn: canvas, frame, body, clothes and accessories."""
