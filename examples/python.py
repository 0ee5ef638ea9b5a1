"""OpenAI's Python client (pip install openai): a base URL and a key are all that changes."""

import os

from openai import OpenAI

client = OpenAI(
    base_url=os.environ.get("TURNPIKE_URL", "http://127.0.0.1:8787") + "/v1",
    api_key=os.environ["TURNPIKE_API_KEY"],
)

reply = client.chat.completions.create(
    model="gpt-4o-mini",
    messages=[{"role": "user", "content": "What is the capital of France?"}],
    extra_body={"usage": {"include": True}},
)

print(reply.choices[0].message.content)
print(f"{reply.usage.prompt_tokens} + {reply.usage.completion_tokens} tokens, ${reply.cost:.9f}")
