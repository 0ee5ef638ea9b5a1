import requests
import os

OPENROUTER_API_KEY = os.environ.get("OPENROUTER_API_KEY")

def chat_with_cost_tracking(messages: list, model: str = "anthropic/claude-sonnet-4") -> dict:
    """Make an API call with inline cost tracking."""

    response = requests.post(
        "https://openrouter.ai/api/v1/chat/completions",
        headers={
            "Authorization": f"Bearer {OPENROUTER_API_KEY}",
            "Content-Type": "application/json",
            "HTTP-Referer": "https://your-app.com",  # Optional: for leaderboard
            "X-Title": "Your App Name"              # Optional: for leaderboard
        },
        json={
            "model": model,
            "messages": messages,
            "usage": {
                "include": True  # <-- Enable inline cost tracking
            }
        }
    )

    return response.json()


# Example usage
result = chat_with_cost_tracking([
    {"role": "user", "content": "What is the capital of France?"}
])

# Extract usage data
if "usage" in result:
    usage = result["usage"]
    print(f"Prompt tokens: {usage.get('prompt_tokens')}")
    print(f"Completion tokens: {usage.get('completion_tokens')}")
    print(f"Total tokens: {usage.get('total_tokens')}")
    print(f"Cost (credits): {usage.get('cost')}")
