from openai import OpenAI

client = OpenAI(
    base_url="https://openrouter.ai/api/v1",
    api_key=os.environ.get("OPENROUTER_API_KEY"),
)

def stream_with_cost_tracking(messages: list, model: str = "anthropic/claude-sonnet-4"):
    """Stream responses and capture usage at the end."""

    response = client.chat.completions.create(
        model=model,
        messages=messages,
        extra_body={
            "usage": {
                "include": True
            }
        },
        stream=True
    )

    usage_data = None

    for chunk in response:
        # Check for usage data (appears in final chunk)
        if hasattr(chunk, 'usage') and chunk.usage:
            if hasattr(chunk.usage, 'total_tokens'):
                usage_data = {
                    "prompt_tokens": chunk.usage.prompt_tokens,
                    "completion_tokens": chunk.usage.completion_tokens,
                    "total_tokens": chunk.usage.total_tokens,
                    "cost": getattr(chunk.usage, 'cost', None)
                }
        # Print content as it streams
        elif chunk.choices and chunk.choices[0].delta.content:
            print(chunk.choices[0].delta.content, end="", flush=True)

    print()  # Newline after streaming
    return usage_data


# Example usage
usage = stream_with_cost_tracking([
    {"role": "user", "content": "Write a haiku about APIs."}
])

if usage:
    print(f"\n--- Usage Statistics ---")
    print(f"Total Tokens: {usage['total_tokens']}")
    print(f"Cost: {usage['cost']} credits")
