"""What a notebook shows beside the exact console text: tables, cards, pictures, errors."""
