"""Programs made by chance, and what must hold of every one of them."""
