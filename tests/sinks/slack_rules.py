"""What Slack takes through an incoming webhook, after its reference of messages, blocks and composition objects: only the fields that
exist, within their limits. Stricter than Slack where that only ignores."""
import json
import re

TEXT_LIMITS = {"header": 150, "section": 3000, "context": 3000}
COLOR = re.compile(r"^(#[0-9a-fA-F]{6}|good|warning|danger)$")


class Fault(Exception):
    pass


def need(condition, fault="invalid_blocks"):
    if not condition:
        raise Fault(fault)


def check_text(text, kinds, limit):
    need(isinstance(text, dict) and text.get("type") in kinds)
    allowed = {"type", "text"} | ({"emoji"} if text["type"] == "plain_text" else {"verbatim"})
    need(set(text) <= allowed and isinstance(text.get("text"), str))
    need(1 <= len(text["text"]) <= limit)


def check_block(block):
    need(isinstance(block, dict))
    kind = block.get("type")
    if kind == "header":
        need(set(block) <= {"type", "text", "block_id"})
        check_text(block.get("text"), {"plain_text"}, TEXT_LIMITS[kind])
    elif kind == "section":
        need(set(block) <= {"type", "text", "fields", "block_id", "expand"} and ("text" in block or "fields" in block))
        if "text" in block:
            check_text(block["text"], {"plain_text", "mrkdwn"}, TEXT_LIMITS[kind])
        if "fields" in block:
            need(isinstance(block["fields"], list) and 1 <= len(block["fields"]) <= 10)
            for field in block["fields"]:
                check_text(field, {"plain_text", "mrkdwn"}, 2000)
    elif kind == "context":
        need(set(block) <= {"type", "elements", "block_id"})
        need(isinstance(block.get("elements"), list) and 1 <= len(block["elements"]) <= 10)
        for element in block["elements"]:
            check_text(element, {"plain_text", "mrkdwn"}, TEXT_LIMITS[kind])
    elif kind == "divider":
        need(set(block) <= {"type", "block_id"})
    else:
        need(False)


def check_blocks(blocks):
    need(isinstance(blocks, list) and 1 <= len(blocks) <= 50)
    for block in blocks:
        check_block(block)


def fault_of(body):
    """The reason that Slack would answer 400 with, or None."""
    try:
        try:
            message = json.loads(body.decode("utf-8"))
        except ValueError:
            return "invalid_payload"
        need(isinstance(message, dict), "invalid_payload")
        need(set(message) <= {"text", "blocks", "attachments", "mrkdwn", "unfurl_links", "unfurl_media", "thread_ts"}, "invalid_payload")
        need("text" in message or "blocks" in message, "no_text")
        need(isinstance(message.get("text", ""), str) and len(message.get("text", "")) <= 40000, "msg_too_long")
        if "blocks" in message:
            check_blocks(message["blocks"])
        attachments = message.get("attachments", [])
        need(isinstance(attachments, list), "invalid_attachments")
        need(len(attachments) <= 100, "too_many_attachments")
        for attachment in attachments:
            need(isinstance(attachment, dict) and set(attachment) <= {"color", "blocks", "fallback"}, "invalid_attachments")
            need(COLOR.match(attachment.get("color", "good")), "invalid_attachments")
            check_blocks(attachment.get("blocks"))
    except Fault as fault:
        return str(fault)
    return None
