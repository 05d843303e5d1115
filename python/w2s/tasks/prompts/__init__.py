"""How an example is put into words for a model that reads text.

Knows nothing about models: what comes out are messages, which a chat template or plain text joins.
"""

from w2s.tasks.prompts.prompt import Message, Prompt, read_prompt

__all__ = ["Message", "Prompt", "read_prompt"]
