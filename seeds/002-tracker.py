"""
OpenRouter Cost Tracker
-----------------------
A complete solution for tracking API costs with OpenRouter.
"""

import requests
import time
import json
from dataclasses import dataclass, asdict
from typing import Optional, List, Dict, Any
from datetime import datetime
import os


@dataclass
class CostRecord:
    """Record of a single API call's cost."""
    generation_id: str
    model: str
    timestamp: str
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    cost_usd: float
    cache_discount: float
    provider: str
    latency_ms: int

    def to_dict(self) -> dict:
        return asdict(self)


class OpenRouterCostTracker:
    """
    Track costs for OpenRouter API calls.

    Supports both inline usage tracking and async generation lookups.
    """

    def __init__(self, api_key: Optional[str] = None):
        self.api_key = api_key or os.environ.get("OPENROUTER_API_KEY")
        if not self.api_key:
            raise ValueError("API key required. Set OPENROUTER_API_KEY env var or pass to constructor.")

        self.base_url = "https://openrouter.ai/api/v1"
        self.cost_history: List[CostRecord] = []

    def _headers(self) -> dict:
        return {
            "Authorization": f"Bearer {self.api_key}",
            "Content-Type": "application/json"
        }

    def chat(
        self,
        messages: List[Dict[str, str]],
        model: str = "anthropic/claude-sonnet-4",
        track_usage: bool = True,
        **kwargs
    ) -> Dict[str, Any]:
        """
        Make a chat completion with optional cost tracking.

        Args:
            messages: List of message dicts with 'role' and 'content'
            model: Model identifier (e.g., 'anthropic/claude-sonnet-4')
            track_usage: Include usage data in response (adds ~100-300ms)
            **kwargs: Additional parameters (temperature, max_tokens, etc.)

        Returns:
            API response with usage data if track_usage=True
        """
        payload = {
            "model": model,
            "messages": messages,
            **kwargs
        }

        if track_usage:
            payload["usage"] = {"include": True}

        response = requests.post(
            f"{self.base_url}/chat/completions",
            headers=self._headers(),
            json=payload
        )
        response.raise_for_status()

        result = response.json()

        # Record cost if available
        if track_usage and "usage" in result and "id" in result:
            self._record_inline_cost(result, model)

        return result

    def get_generation_stats(self, generation_id: str, retries: int = 3) -> Optional[Dict]:
        """
        Query detailed stats for a generation.

        Args:
            generation_id: The 'id' from a chat completion response
            retries: Number of retry attempts

        Returns:
            Generation statistics or None if not found
        """
        for attempt in range(retries):
            response = requests.get(
                f"{self.base_url}/generation",
                headers=self._headers(),
                params={"id": generation_id}
            )

            if response.status_code == 200:
                return response.json()
            elif response.status_code == 404 and attempt < retries - 1:
                time.sleep(0.5)
            else:
                break

        return None

    def _record_inline_cost(self, response: dict, model: str):
        """Record cost from inline usage data."""
        usage = response.get("usage", {})

        record = CostRecord(
            generation_id=response.get("id", "unknown"),
            model=model,
            timestamp=datetime.utcnow().isoformat(),
            prompt_tokens=usage.get("prompt_tokens", 0),
            completion_tokens=usage.get("completion_tokens", 0),
            total_tokens=usage.get("total_tokens", 0),
            cost_usd=usage.get("cost", 0),
            cache_discount=0,  # Not available in inline
            provider="unknown",  # Not available in inline
            latency_ms=0  # Not available in inline
        )

        self.cost_history.append(record)

    def record_from_generation(self, generation_id: str) -> Optional[CostRecord]:
        """
        Fetch and record detailed stats from a generation ID.

        Use this for more detailed cost tracking including provider
        and latency information.
        """
        stats = self.get_generation_stats(generation_id)

        if not stats or "data" not in stats:
            return None

        data = stats["data"]

        record = CostRecord(
            generation_id=data.get("id", generation_id),
            model=data.get("model", "unknown"),
            timestamp=data.get("created_at", datetime.utcnow().isoformat()),
            prompt_tokens=data.get("native_tokens_prompt", 0),
            completion_tokens=data.get("native_tokens_completion", 0),
            total_tokens=data.get("native_tokens_prompt", 0) + data.get("native_tokens_completion", 0),
            cost_usd=data.get("total_cost", 0),
            cache_discount=data.get("cache_discount", 0),
            provider=data.get("provider_name", "unknown"),
            latency_ms=data.get("latency", 0)
        )

        self.cost_history.append(record)
        return record

    def get_total_cost(self) -> float:
        """Get total cost across all recorded calls."""
        return sum(r.cost_usd for r in self.cost_history)

    def get_cost_by_model(self) -> Dict[str, float]:
        """Get cost breakdown by model."""
        costs = {}
        for record in self.cost_history:
            costs[record.model] = costs.get(record.model, 0) + record.cost_usd
        return costs

    def export_history(self, filepath: str):
        """Export cost history to JSON file."""
        with open(filepath, "w") as f:
            json.dump([r.to_dict() for r in self.cost_history], f, indent=2)

    def print_summary(self):
        """Print a summary of costs."""
        print(f"\n{'='*50}")
        print("COST SUMMARY")
        print(f"{'='*50}")
        print(f"Total Calls: {len(self.cost_history)}")
        print(f"Total Cost: ${self.get_total_cost():.6f}")
        print(f"\nBy Model:")
        for model, cost in self.get_cost_by_model().items():
            print(f"  {model}: ${cost:.6f}")
        print(f"{'='*50}\n")


# Example usage
if __name__ == "__main__":
    tracker = OpenRouterCostTracker()

    # Make some API calls
    result1 = tracker.chat(
        messages=[{"role": "user", "content": "What is 2+2?"}],
        model="anthropic/claude-sonnet-4"
    )
    print(f"Response 1: {result1['choices'][0]['message']['content']}")

    result2 = tracker.chat(
        messages=[{"role": "user", "content": "Write a limerick about code."}],
        model="openai/gpt-4o"
    )
    print(f"Response 2: {result2['choices'][0]['message']['content']}")

    # Print cost summary
    tracker.print_summary()

    # Export to file
    tracker.export_history("cost_history.json")
