"""Mathematics on tensors and k arrays, one file per page of the reference."""
