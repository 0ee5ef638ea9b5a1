def check_credits(api_key: str) -> dict:
    """Check remaining credits and rate limits."""
    response = requests.get(
        "https://openrouter.ai/api/v1/auth/key",
        headers={"Authorization": f"Bearer {api_key}"}
    )
    return response.json()


# Response format:
# {
#   "data": {
#     "label": "My API Key",
#     "usage": 15.50,         # Credits used
#     "limit": 100.00,        # Credit limit (null if unlimited)
#     "is_free_tier": false,  # Whether user has purchased credits
#     "rate_limit": {
#       "requests": 200,      # Requests allowed
#       "interval": "10s"     # In this time interval
#     }
#   }
# }
