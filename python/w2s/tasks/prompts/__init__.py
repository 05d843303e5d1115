"""Prompts: examples as messages for a language model, and labels out of its replies.

Messages are joined elsewhere, by a chat template or as plain text.
"""

from w2s.tasks.prompts.prompt import Message, Prompt, prompt_names, read_prompt
from w2s.tasks.prompts.replies import parse_reply
from w2s.tasks.task import Example

__all__ = ["Example", "Message", "Prompt", "parse_reply", "prompt_names", "read_prompt"]
