import requests
import time
import os

OPENROUTER_API_KEY = os.environ.get("OPENROUTER_API_KEY")

def make_api_call(messages: list, model: str = "anthropic/claude-sonnet-4") -> dict:
    """Make an API call and return the response with generation ID."""

    response = requests.post(
        "https://openrouter.ai/api/v1/chat/completions",
        headers={
            "Authorization": f"Bearer {OPENROUTER_API_KEY}",
            "Content-Type": "application/json"
        },
        json={
            "model": model,
            "messages": messages
        }
    )

    return response.json()


def get_generation_stats(generation_id: str, max_retries: int = 3, delay: float = 1.0) -> dict:
    """
    Query the generation endpoint for detailed cost and token statistics.

    Args:
        generation_id: The ID from the chat completion response
        max_retries: Number of retry attempts (stats may not be immediately available)
        delay: Seconds to wait between retries

    Returns:
        Generation statistics including native token counts and cost
    """

    for attempt in range(max_retries):
        response = requests.get(
            f"https://openrouter.ai/api/v1/generation?id={generation_id}",
            headers={
                "Authorization": f"Bearer {OPENROUTER_API_KEY}"
            }
        )

        if response.status_code == 200:
            return response.json()
        elif response.status_code == 404 and attempt < max_retries - 1:
            # Stats might not be available immediately
            time.sleep(delay)
            continue
        else:
            response.raise_for_status()

    return None


def complete_with_cost_analysis(messages: list, model: str = "anthropic/claude-sonnet-4") -> dict:
    """
    Make an API call and retrieve detailed cost analysis.

    Returns dict with:
        - response: The chat completion response
        - stats: Detailed generation statistics
    """

    # Step 1: Make the API call
    response = make_api_call(messages, model)

    if "id" not in response:
        return {"response": response, "stats": None, "error": "No generation ID in response"}

    generation_id = response["id"]

    # Step 2: Query for detailed stats (with small delay for processing)
    time.sleep(0.5)
    stats = get_generation_stats(generation_id)

    return {
        "response": response,
        "stats": stats
    }


# Example usage
result = complete_with_cost_analysis([
    {"role": "user", "content": "Explain quantum computing in one paragraph."}
])

print("=== Response ===")
print(result["response"]["choices"][0]["message"]["content"])

print("\n=== Cost Analysis ===")
if result["stats"] and "data" in result["stats"]:
    data = result["stats"]["data"]
    print(f"Model: {data.get('model')}")
    print(f"Provider: {data.get('provider_name')}")
    print(f"Total Cost: ${data.get('total_cost', 0):.6f}")
    print(f"Cache Discount: ${data.get('cache_discount', 0):.6f}")
    print(f"Prompt Tokens (native): {data.get('native_tokens_prompt')}")
    print(f"Completion Tokens (native): {data.get('native_tokens_completion')}")
    print(f"Reasoning Tokens: {data.get('native_tokens_reasoning', 0)}")
    print(f"Cached Tokens: {data.get('native_tokens_cached', 0)}")
    print(f"Latency: {data.get('latency')}ms")
    print(f"Generation Time: {data.get('generation_time')}ms")
