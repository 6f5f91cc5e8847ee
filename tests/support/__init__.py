"""What the black-box tests share: the instance, the HTTP client, the contract, keys and requests."""
