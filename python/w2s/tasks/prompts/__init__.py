"""How an example is put into words for a model that reads text, and how its reply is read.

Knows nothing about models: what comes out are messages, which a chat template or plain text joins.
"""

from w2s.tasks.prompts.prompt import Message, Prompt, prompt_names, read_prompt
from w2s.tasks.prompts.replies import parse_reply
from w2s.tasks.registry import Example

__all__ = ["Example", "Message", "Prompt", "parse_reply", "prompt_names", "read_prompt"]
