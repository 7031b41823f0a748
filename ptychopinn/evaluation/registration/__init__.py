"""How a reconstruction lies on the truth: to a pixel (coarse), below the pixel (fine), and both together (register)."""
