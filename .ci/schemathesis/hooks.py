"""What the shop needs for requests to reach it, and what schemathesis would call a failure and is none.

Every exception is here, with its reason, and the run counts how often each was made. A failure that no reason
fits fails the run.
"""

import hashlib
import hmac
import itertools
import json
import os
import re
import time

import requests
import schemathesis
from schemathesis.openapi.checks import RejectedPositiveData, UnsupportedMethodResponse

# What Stripe signs payment events with.
WEBHOOK_SECRET = b"whsec_local"

# Demo products: the lamp, of which there are plenty, the shirt, in sizes, the print, of which there are three, and
# the record player, of which there is none.
LAMP, SHIRT, PRINT, PLAYER = (f"7d9e4b10-2c3f-4a61-8b5d-1f2e3a4b5c{number}" for number in ("01", "03", "05", "11"))
UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
KEY = re.compile("[!-~]{1,200}")
PLACES_ORDERS = ("POST /orders", "POST /orders/checkout", "POST /api/checkout")
ADDRESS = {"line1": "12 Harbor Street", "city": "Portland", "postal_code": "97205", "country": "US"}
NEEDS_A_CART = ("POST /orders/checkout", "POST /api/checkout", "PATCH /cart-items/{item_id}", "DELETE /cart-items/{item_id}")

# Well-formed requests that the state of the shop forbids, which no schema knows. Any text may be a cursor until
# its seal is checked, and any a signature until the body is.
STATE = {"cart_empty", "address_required", "size_required", "size_not_allowed", "quantity_limit", "cart_full"}
STATE |= {"coupon_not_applicable", "idempotency_key_reused", "invalid_cursor", "invalid_signature"}

# Fields that depend on one another, or on the product, in ways that no schema can say: by route.
TOGETHER = {
    "POST /products": ("sizes", "stock", "stock_shards"),
    "POST /cart-items": ("size", "quantity"),
    "POST /api/cart": ("size", "quantity"),
    "PATCH /cart-items/{item_id}": ("quantity",),
    "POST /orders": ("size",),
    "POST /orders/checkout": ("items",),
    "POST /api/checkout": ("items",),
    "POST /inventory/adjustments": ("size", "delta", "set_available"),
    "PUT /products/{product_id}/shards": ("stock_shards",),
    "POST /reward-rules": ("ends_at",),
    "PATCH /reward-rules/{rule_id}": ("ends_at",),
    "POST /payments/webhook": ("data",),
}


# The bodies that each key came with, and products in sizes that they come in for requests to name.
bodies_by_key = {}
products = itertools.cycle([(LAMP, None), (SHIRT, "M"), (LAMP, None), (PRINT, None), (SHIRT, "L"), (PLAYER, None)])
adjusted = itertools.cycle([(PLAYER, None), (SHIRT, "S")])
numbers = itertools.count()


def note(line):
    with open(os.environ["NOTES"], "a") as notes:
        notes.write(line + "\n")


def reason(failure, case, response):
    """Why a failure is none, if there is a reason."""
    label = case.operation.label
    try:
        problem = json.loads(response.content or b"{}")
    except ValueError:
        return None
    if isinstance(failure, UnsupportedMethodResponse) and response.status_code == 404:
        # API Gateway's HTTP APIs have no 405. What is a word in one route may be an id in another: GET
        # /orders/checkout asks for an order of that name.
        if problem == {"message": "Not Found"} or problem.get("code", "").endswith("_not_found"):
            return "an unknown method is an unknown route"
    if isinstance(failure, RejectedPositiveData):
        code = problem.get("code")
        if code in STATE:
            return f"the state of the shop: {code}"
        fields = [error["field"] for error in problem.get("errors", [])]
        if code == "validation_failed" and all(field.startswith(TOGETHER.get(label, ())) for field in fields):
            return "fields that depend on one another"
        if code == "validation_failed" and all(is_too_long_in_bytes(case.body, field) for field in fields):
            return "a length in bytes, where a schema counts characters"
        if label == "GET /orders" and problem.get("detail", "").startswith("from: must not be later"):
            return "times that depend on one another"
    return None


def is_too_long_in_bytes(body, field):
    """Whether a field is an address of mail (RFC 5321) or of a page, and longer than those may be."""
    value = body
    for name in field.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    most = {"email": 254, "image_url": 2048}.get(field.rsplit(".", 1)[-1])
    return most is not None and isinstance(value, str) and len(value.encode(errors="surrogatepass")) > most


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Whether a failure is one."""
    found = reason(failure, case, response)
    if found:
        note(f"accepted: {found}")
    return not found


def name_what_there_is(label, case):
    """Puts ids of things that there are in the places of those that were made up."""
    body = case.body if isinstance(case.body, dict) else {}
    if is_id(body.get("product_id")) and label != "POST /reward-rules":
        # What is adjusted to nothing is not what others buy.
        body["product_id"], size = next(adjusted if label == "POST /inventory/adjustments" else products)
        if isinstance(body.get("size"), str):
            body["size"] = size
    if label in PLACES_ORDERS and isinstance(case.body, dict) and body.get("address") is None:
        # The profile's may have been cleared.
        body["address"] = ADDRESS
    for place in (body, case.query or {}):
        if is_id(place.get("user_id")):
            place["user_id"] = os.environ["USER_ID"]
    for name, known in json.loads(os.environ["KNOWN"]).get(label, {}).items():
        if is_id((case.path_parameters or {}).get(name)):
            case.path_parameters[name] = known


def is_id(value):
    return isinstance(value, str) and UUID.fullmatch(value) is not None


@schemathesis.hook
def before_call(context, case, kwargs):
    """Lets requests get further than they would: to things that there are, for the caller, with keys that are new to
    their bodies, with something in the cart, and with Stripe's signature on Stripe's own example."""
    label = case.operation.label
    # A quarter is sent as it is, and so is what follows from an earlier answer.
    if next(numbers) % 4 and (case.meta is None or case.meta.phase.name.value != "stateful"):
        name_what_there_is(label, case)
    key = (case.headers or {}).get("Idempotency-Key")
    if isinstance(key, str) and KEY.fullmatch(key):
        body = json.dumps(case.body, default=str)
        if bodies_by_key.setdefault((label, key), body) != body:
            case.headers["Idempotency-Key"] = f"{key}-{next(numbers)}"
    headers = {**(kwargs.get("headers") or {}), **(case.headers or {})}
    if label in NEEDS_A_CART and "Authorization" in headers:
        url = f"{os.environ['API']}/cart-items"
        requests.post(url, json={"product_id": LAMP, "quantity": 1}, headers={"Authorization": headers["Authorization"]}, timeout=30)
    if label == "POST /payments/webhook" and isinstance(case.body, dict) and str(case.body.get("id", "")).startswith("evt_"):
        now = int(time.time())
        signed = hmac.new(WEBHOOK_SECRET, f"{now}.".encode() + json.dumps(case.body).encode(), hashlib.sha256)
        case.headers["Stripe-Signature"] = f"t={now},v1={signed.hexdigest()}"


@schemathesis.hook
def after_call(context, case, response):
    """Writes down what was called, so that a run in which nothing was cannot pass."""
    note(f"called: {case.operation.label} {response.status_code}")
